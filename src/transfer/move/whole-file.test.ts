import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalConnection } from '../../../test/fakes/local-connection.ts';
import { lentOnce } from '../../../test/fakes/lent-once.ts';
import { systemClock } from '../../core/clock.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { FileExecuteOptions, FileExecuteResult } from '../../ssh/connection.ts';
import type { Capabilities } from '../host/capabilities.ts';
import type { Entry } from '../tree/entry.ts';
import { Job, type JobOptions } from './job.ts';
import { fetchWhole, sendWhole } from './whole-file.ts';

const SIZE = 64 * 1024 * 1024;
const CAPABILITIES: Capabilities = {
  list: 'gnu',
  tar: 'gnu',
  hash: 'sha256sum',
  uid: 0,
  umask: 0o22,
  system: 'Linux',
  syncs: true,
  python: true,
};
const ENTRY: Entry = {
  path: 'file',
  type: 'file',
  size: SIZE,
  mode: 0o644,
  mtime: 0n,
  uid: 0,
  gid: 0,
  owner: '',
  group: '',
  inode: null,
  link: null,
  blocks: SIZE / 512,
};

type Shell = (command: string) => string;

/** This machine as a host that moves files by itself; `change` is what its account makes of a command. */
class FilesConnection extends LocalConnection {
  readonly #change: Shell;
  readonly #home: string;
  isClosed = false;

  constructor(home: string, change: Shell, noise?: string) {
    super({ home, shellDirectory: '/bin', ...(noise === undefined ? {} : { noise }) });
    this.#change = change;
    this.#home = home;
  }

  readonly executeOnFiles = async (
    command: string,
    { signal, stdin, stdout }: FileExecuteOptions,
  ): Promise<FileExecuteResult> => {
    const child = spawn('sh', ['-c', this.#change(command)], {
      cwd: this.#home,
      stdio: [stdin ?? 'ignore', stdout ?? 'pipe', 'pipe'],
      detached: true,
    });
    const said: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout?.on('data', (bytes: Buffer) => said.push(bytes));
    child.stderr?.on('data', (bytes: Buffer) => errors.push(bytes));
    const end = (): void => void process.kill(-(child.pid ?? 0));
    signal.addEventListener('abort', end, { once: true });
    // it may end by itself while its output is still read: then there is nobody to be told
    child.once('exit', () => signal.removeEventListener('abort', end));
    const exitCode = await new Promise<number | null>(resolve => child.once('close', resolve));
    if (signal.aborted) throw new DeckhandError('command.cancelled', 'aborted');
    return { exitCode, stdout: Buffer.concat(said), stderr: Buffer.concat(errors) };
  };

  override async close(): Promise<void> {
    this.isClosed = true;
    await super.close();
  }
}

let folder: string;
let source: string;
let part: string;
let counted: number;
const contents = Buffer.alloc(SIZE, 'a large file, line after line\n');
const wanted = createHash('sha256').update(contents).digest('hex');
const count = (bytes: number): void => void (counted += bytes);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whole-'));
  [source, part] = [join(folder, "it's a file"), join(folder, 'part')];
  writeFileSync(source, contents);
  writeFileSync(part, '');
  counted = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function jobWith(bulk: FilesConnection, more: Partial<JobOptions> = {}): Job {
  const options: JobOptions = {
    connection: bulk,
    bulkConnection: () => Promise.resolve(lentOnce(bulk)),
    clock: systemClock,
    signal: new AbortController().signal,
    preserve: true,
    inplace: false,
    followLinks: false,
    rateLimit: 0,
    onProgress: () => undefined,
    ...more,
  };
  return new Job(options, CAPABILITIES);
}
const asIs: Shell = command => command;

describe('a whole file that the system moves', () => {
  it.each([0, SIZE - 1])('comes, of which %i bytes were there', async offset => {
    writeFileSync(part, contents.subarray(0, offset));
    const bulk = new FilesConnection(folder, asIs);
    await using job = jobWith(bulk);
    expect(await fetchWhole({ job, entry: ENTRY, offset, count }, source, part)).toBe(wanted);
    expect(readFileSync(part).equals(contents)).toBe(true);
    expect(counted).toBe(SIZE - offset);
  });

  it.each([0, SIZE - 1])('goes, of which %i bytes were there', async offset => {
    // longer than it may be
    writeFileSync(part, Buffer.concat([contents.subarray(0, offset), Buffer.alloc(SIZE + 5 - offset)]));
    await using job = jobWith(new FilesConnection(folder, asIs));
    await using file = await open(source, 'r');
    expect(await sendWhole({ job, entry: ENTRY, offset, count }, file, part)).toBe(wanted);
    expect(readFileSync(part).equals(contents)).toBe(true);
    expect(counted).toBe(SIZE - offset);
  });

  it.each([
    ['nothing', () => 'exit 0'],
    ['half of it and fails', command => `${command} | head -c 1000; exit 1`],
    ['all that is left of it', command => `truncate -s 1000 "$PWD/it's a file" && ${command}`],
    ['more, without an end', () => 'exec cat /dev/zero'],
  ] satisfies [string, Shell][])('of which a host sends %s is left as it was', async (_, change) => {
    writeFileSync(part, contents.subarray(0, 5));
    const bulk = new FilesConnection(folder, change);
    const job = jobWith(bulk);
    expect(await fetchWhole({ job, entry: ENTRY, offset: 5, count }, source, part)).toBeUndefined();
    expect(readFileSync(part, 'utf8')).toBe('a lar');
    expect({ counted, isClosed: bulk.isClosed }).toEqual({ counted: 0, isClosed: true });
    // what comes next has to go another way
    expect(await job.connectionForWhole(ENTRY)).toBeNull();
  });

  it('is not taken for equal when it grew on its way', async () => {
    const bulk = new FilesConnection(folder, asIs);
    await using job = jobWith(bulk);
    writeFileSync(source, 'x', { flag: 'a' });
    await using file = await open(source, 'r');
    expect(await sendWhole({ job, entry: ENTRY, offset: 0, count }, file, part)).toBe('');
  });

  it('goes another way where its bytes must be seen, or a shell would print into it', async () => {
    const chatty = new FilesConnection(folder, asIs, 'welcome');
    const cases: [Job, Entry][] = [
      [jobWith(chatty), ENTRY],
      [jobWith(new FilesConnection(folder, asIs), { rateLimit: 1 }), ENTRY],
      [jobWith(new FilesConnection(folder, asIs)), { ...ENTRY, blocks: 8 }],
      [jobWith(new FilesConnection(folder, asIs)), { ...ENTRY, size: SIZE - 1 }],
      [jobWith(new FilesConnection(folder, asIs), { bulkConnection: () => Promise.resolve(null) }), ENTRY],
    ];
    for (const [job, entry] of cases) expect(await job.connectionForWhole(entry)).toBeNull();
    expect(statSync(part).size).toBe(0);
  });
});
