import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SshConnection } from '../../src/ssh/connection.ts';
import { systemClock } from '../../src/core/clock.ts';
import { KeptConnections, type LentConnection } from '../../src/ssh/kept-connections.ts';
import { opensshEngine } from '../../src/ssh/openssh/openssh-engine.ts';
import { resolveHost } from '../../src/ssh/resolve-host.ts';
import type { ResolvedHost } from '../../src/ssh/resolved-host.ts';
import { transfer, type TransferOutcome, type TransferRequest } from '../../src/transfer/transfer.ts';
import { lentOnce } from '../fakes/lent-once.ts';
import { plainTransfer } from '../fakes/plain-transfer.ts';
import { killNow } from '../faults/daemon-under-test.ts';
import { bootHost, type LabHost, labSshConfig } from '../lab/lab.ts';
import { connect, never, signal } from './ssh-client.ts';

/** Large files whose bytes the system's ssh moves by itself, between this machine and a booted host. */

const SIZE = 66 * 1024 * 1024;
/** A file of this size takes more than a second then. */
const SLOW = '400mbit';
/** So much has come when something happens to it. */
const MIDST = 8 * 1024 * 1024;

let folder: string;
let machine: LabHost;
let host: ResolvedHost;
let noisy: ResolvedHost;
let shared: SshConnection;
const bulks: SshConnection[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bulk-'));
  // folders of masters are made there
  vi.stubEnv('TMPDIR', folder);
  machine = await bootHost(143);
  const configFile = await labSshConfig([machine], folder);
  host = await resolveHost(machine.name, { signal, configFile });
  noisy = await resolveHost(`noisy@${machine.name}`, { signal, configFile });
  shared = await connect(host);
  await machine.net('rate', SLOW);
  await machine.run(`head -c ${SIZE} /dev/urandom > /srv/source; chmod 777 /srv`);
});
afterAll(async () => {
  await shared?.close();
  await machine?.down();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** Nothing but whole files goes over it. */
async function bulkConnection(): Promise<LentConnection> {
  return lentOnce(await onlyWhole());
}
async function onlyWhole(): Promise<SshConnection> {
  const bulk = await opensshEngine.connect(host, { signal, hostKeys: never, forFiles: true });
  bulks.push(bulk);
  return Object.assign(bulk, {
    openSubsystem: () => Promise.reject(new Error('The bytes came through this process.')),
  });
}

type Wish = Pick<TransferRequest, 'id' | 'direction' | 'local' | 'remote'> & Partial<TransferRequest>;
type Moved = TransferOutcome['result'] & { readonly error: TransferOutcome['error'] | undefined };
async function move(wish: Wish): Promise<Moved> {
  const base = { ...plainTransfer(), connection: shared, bulkConnection, signal, baseFolder: '' };
  const { error, result } = await transfer({ ...base, recursive: false, ...wish });
  return { ...result, error };
}

async function hashThere(path: string): Promise<string> {
  const { stdout } = await machine.run(`bash -c 'sha256sum < ${path}'`);
  return stdout.slice(0, 64);
}
function hashHere(path: string): string {
  return execFileSync('sh', ['-c', 'sha256sum < "$1"', 'sh', path]).toString().slice(0, 64);
}
async function makeFile(name: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, randomFillSync(Buffer.alloc(SIZE)));
  return path;
}

/** Processes of this machine whose command line has the text. */
function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(name => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(text);
      } catch {
        return false;
      }
    })
    .map(Number);
}
const clients = (): number[] => processesWith(`/dev/null\0-S\0${folder}/dh-`);
const masters = (): number[] => processesWith(`-M\0-S\0${folder}/dh-`);

/** Everything that a transfer needs while it runs is gone. */
async function nothingIsLeft(): Promise<void> {
  await expect.poll(() => [...clients(), ...masters()]).toEqual([]);
  await expect.poll(() => readdirSync(folder).filter(name => name.startsWith('dh-'))).toEqual([]);
  await expect.poll(async () => (await machine.run('pgrep -x "cat|tail|dd|sha256sum"')).stdout).toBe('');
}

const WAYS = [
  { direction: 'push', name: 'up' },
  { direction: 'pull', name: 'down' },
] as const;

describe('a large file', () => {
  it('goes both ways without passing through this process', async () => {
    const local = await makeFile('whole');
    const before = process.cpuUsage();
    const up = await move({ id: 'up', direction: 'push', local, remote: '/srv/whole' });
    expect(up).toMatchObject({ error: undefined, files: 1, bytes: SIZE, verified: 1 });
    expect(await hashThere('/srv/whole')).toBe(hashHere(local));
    const seen: number[] = [];
    const onProgress = (done: number): void => void seen.push(done);
    const copy = join(folder, 'copy');
    const down = await move({ id: 'down', direction: 'pull', local: copy, remote: '/srv/whole', onProgress });
    expect(down).toMatchObject({ error: undefined, files: 1, bytes: SIZE, verified: 1 });
    expect(hashHere(copy)).toBe(hashHere(local));
    // told as it comes, never back, and no more than there is
    expect(seen.some(done => done > 0 && done < SIZE)).toBe(true);
    expect(seen).toEqual(seen.toSorted((one, other) => one - other));
    expect(seen.at(-1)).toBe(SIZE);
    expect(process.cpuUsage(before).user).toBeGreaterThan(0);
    expect(await Promise.all(bulks.map(async bulk => await bulk.closed))).toEqual([undefined, undefined]);
    await nothingIsLeft();
  });

  it.each(WAYS)('that is cancelled on its way $name leaves nothing running, and goes on', async way => {
    const { direction, name } = way;
    const local = direction === 'push' ? await makeFile('cancelled-up') : join(folder, 'cancelled-down');
    const remote = direction === 'push' ? '/srv/cancelled' : '/srv/source';
    const wish = { id: `cancelled-${name}`, direction, local, remote };
    const stop = new AbortController();
    const onProgress = (done: number): void => void (done > MIDST && stop.abort());
    await expect(move({ ...wish, signal: stop.signal, onProgress })).rejects.toThrow(/aborted|cancelled/);
    await nothingIsLeft();
    const result = await move(wish);
    expect(result).toMatchObject({ error: undefined, files: 1, verified: 1 });
    // what was there already did not travel again
    expect(result.bytes).toBeLessThan(SIZE - MIDST / 2);
    expect(hashHere(local)).toBe(await hashThere(remote));
    await nothingIsLeft();
  });

  it.each(WAYS)('whose connection is lost on its way $name keeps what has come', async way => {
    const { direction, name } = way;
    const local = direction === 'push' ? await makeFile('lost-up') : join(folder, 'lost-down');
    const remote = direction === 'push' ? '/srv/lost' : '/srv/source';
    const wish = { id: `lost-${name}`, direction, local, remote };
    let isCut = false;
    const onProgress = (done: number): void => {
      if (done < MIDST || isCut) return;
      isCut = true;
      for (const pid of masters()) killNow(pid);
    };
    await expect(move({ ...wish, onProgress })).rejects.toMatchObject({ code: 'ssh.connection-lost' });
    const result = await move(wish);
    expect(result).toMatchObject({ files: 1, verified: 1 });
    expect(result.bytes).toBeLessThan(SIZE - MIDST / 2);
    expect(hashHere(local)).toBe(await hashThere(remote));
    await nothingIsLeft();
  });

  it('takes the connection of the one before, unless that was broken off', async () => {
    await using kept = new KeptConnections({ clock: systemClock, keepFor: 600_000 });
    const bulk = { bulkConnection: async () => await kept.take('one', onlyWhole) };
    const local = await makeFile('again');
    const wish = { direction: 'push', local, ...bulk } as const;
    const opened = bulks.length;
    for (const id of ['again-1', 'again-2'])
      expect(await move({ ...wish, id, remote: `/srv/${id}` })).toMatchObject({ verified: 1 });
    expect(bulks.length - opened).toBe(1);
    expect(masters()).toHaveLength(1);
    const stop = new AbortController();
    const onProgress = (done: number): void => void (done > MIDST && stop.abort());
    const third = { ...wish, id: 'again-3', remote: '/srv/again-3' };
    await expect(move({ ...third, signal: stop.signal, onProgress })).rejects.toThrow(/aborted|cancelled/);
    await nothingIsLeft();
    expect(await move(third)).toMatchObject({ verified: 1 });
    expect(bulks.length - opened).toBe(2);
    await kept[Symbol.asyncDispose]();
    await nothingIsLeft();
  });

  it('that changes while it is read is never torn', async () => {
    const local = await makeFile('growing');
    let changes = 0;
    const grow = (done: number): void => {
      if (done < MIDST || changes > 0) return;
      changes += 1;
      appendFileSync(local, 'more');
    };
    const bulk = { bulkConnection: plainBulk };
    const wish = {
      id: 'growing',
      direction: 'push',
      local,
      remote: '/srv/growing',
      onProgress: grow,
    } as const;
    expect(await move({ ...wish, ...bulk })).toMatchObject({ error: undefined, verified: 1 });
    expect(changes).toBe(1);
    expect(await hashThere('/srv/growing')).toBe(hashHere(local));
    let growing: Promise<unknown> | undefined;
    const growThere = (done: number): void => {
      if (done > MIDST) growing ??= machine.run('printf more >> /srv/growing');
    };
    const copy = join(folder, 'growing-copy');
    const back = { ...wish, id: 'back', direction: 'pull', local: copy, onProgress: growThere } as const;
    expect(await move({ ...back, ...bulk })).toMatchObject({ error: undefined, verified: 1 });
    await growing;
    const versions = ['/srv/growing', '<(head -c -4 /srv/growing)'].map(hashThere);
    expect(await Promise.all(versions)).toContain(hashHere(copy));
    await nothingIsLeft();
  });

  it('that has no room is explained as always', async () => {
    await machine.mod('fulldisk', '40m');
    const local = await makeFile('no-room');
    const bulk = { bulkConnection: plainBulk };
    const full = { id: 'full', direction: 'push', local, remote: '/srv/small/whole', ...bulk } as const;
    await expect(move(full)).rejects.toMatchObject({ code: 'host.disk-full' });
    const small = join(folder, 'small');
    mkdirSync(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'small', small]);
    try {
      const here = {
        ...full,
        direction: 'pull',
        local: join(small, 'whole'),
        remote: '/srv/source',
      } as const;
      await expect(move(here)).rejects.toMatchObject({ code: 'transfer.local-disk-full' });
    } finally {
      execFileSync('umount', [small]);
    }
    await nothingIsLeft();
  });

  it('of an account whose shell prints something arrives as it is', async () => {
    await using connection = await connect(noisy);
    const local = join(folder, 'noisy');
    const bulk = async (): Promise<LentConnection> =>
      lentOnce(await opensshEngine.connect(noisy, { signal, hostKeys: never, forFiles: true }));
    const wish = { id: 'noisy', direction: 'pull', local, remote: '/srv/source' } as const;
    expect(await move({ ...wish, connection, bulkConnection: bulk })).toMatchObject({
      error: undefined,
      bytes: SIZE,
      verified: 1,
    });
    expect(hashHere(local)).toBe(await hashThere('/srv/source'));
    const up = { ...wish, id: 'noisy-up', direction: 'push', remote: '/srv/noisy' } as const;
    expect(await move({ ...up, connection, bulkConnection: bulk })).toMatchObject({ error: undefined });
    expect(await hashThere('/srv/noisy')).toBe(await hashThere('/srv/source'));
  });
});

async function plainBulk(): Promise<LentConnection> {
  return lentOnce(await opensshEngine.connect(host, { signal, hostKeys: never, forFiles: true }));
}

describe('a client that moves a file', () => {
  it('ends with the process that wanted it, however that went', async () => {
    const program = join(import.meta.dirname, 'bulk-client.ts');
    const words = [program, join(folder, 'ssh_config'), machine.name, join(folder, 'endless')];
    const child: ChildProcess = spawn(process.execPath, words, { stdio: 'inherit' });
    const written = (): number => statSync(join(folder, 'endless'), { throwIfNoEntry: false })?.size ?? 0;
    await expect.poll(written).toBeGreaterThan(0);
    expect(clients().length).toBeGreaterThan(0);
    child.kill('SIGKILL');
    await expect.poll(clients).toEqual([]);
    const size = written();
    await expect.poll(async () => (await machine.run('pgrep -x cat')).stdout).toBe('');
    expect(written() - size).toBeLessThan(16 * 1024 * 1024);
    // the master takes its socket, a later process the folder
    await expect.poll(masters).toEqual([]);
    const left = readdirSync(folder).filter(name => name.startsWith('dh-'));
    expect(left.map(name => readdirSync(join(folder, name)))).toEqual([[]]);
    // this process looks now if it has not yet, and never again
    await (await plainBulk())[Symbol.asyncDispose]();
    for (const name of left) execFileSync('touch', ['-d', '@1000', join(folder, name)]);
    await (await plainBulk())[Symbol.asyncDispose]();
    const stay = (): string[] => readdirSync(folder).filter(name => left.includes(name));
    expect(stay()).toEqual(left);
    const later = spawn(process.execPath, words, { stdio: 'inherit' });
    await expect.poll(stay).toEqual([]);
    later.kill('SIGKILL');
    await expect.poll(clients).toEqual([]);
  });
});
