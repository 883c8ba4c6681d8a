import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalConnection } from '../../test/fakes/local-connection.ts';
import { plainTransfer } from '../../test/fakes/plain-transfer.ts';
import { type BundleRecord, bundleEnd, bundleStart, Chunk, HEAD } from './bundle/format.ts';
import { BundleHere } from './bundle/unpack-here.ts';
import { PYTHON_HERE } from './host/python-program.ts';
import { transfer, type TransferOutcome, type TransferRequest } from './transfer.ts';

const canBundle = PYTHON_HERE !== undefined && existsSync(PYTHON_HERE);
/** More than go without a program of their own. */
const MANY = 150;
let folder: string;
let here: string;
let there: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bundle-'));
  [here, there] = [join(folder, 'here'), join(folder, 'there')];
  mkdirSync(join(folder, 'bin'));
  hostRuns('');
});
afterEach(() => {
  spawnSync('chmod', ['-R', 'u+rwx', folder]);
  rmSync(folder, { recursive: true, force: true });
});

/** What the host's shell does ahead of every script. */
function hostRuns(line: string): void {
  writeFileSync(join(folder, 'bin/sh'), `#!/bin/sh\n${line}\nexec /bin/sh "$@"\n`, { mode: 0o755 });
}

let connection: LocalConnection;
async function move(
  direction: 'push' | 'pull',
  more: Partial<TransferRequest> = {},
): Promise<TransferOutcome> {
  connection = new LocalConnection({ home: folder, shellDirectory: join(folder, 'bin') });
  const baseFolder = join(folder, 'state');
  return await transfer({
    ...plainTransfer(),
    connection,
    local: here,
    remote: there,
    direction,
    baseFolder,
    ...more,
  });
}

/** Names, types, modes, times to the nanosecond, links, and contents of all that is in a folder. */
function look(root: string): string {
  const script = `cd "$1" && find . -printf '%P %y %m %T@ %l\\n' | LC_ALL=C sort && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum`;
  return spawnSync('sh', ['-c', script, 'sh', root], { encoding: 'latin1' }).stdout;
}

function makeTree(root: string): void {
  mkdirSync(join(root, 'sub/deep'), { recursive: true });
  for (let index = 0; index < MANY; index += 1)
    writeFileSync(join(root, index % 3 === 0 ? 'sub' : '', `f${index}`), `${index} `.repeat(index * 20));
  writeFileSync(join(root, 'empty'), '');
  writeFileSync(join(root, "it's\na \\ name"), 'odd');
  writeFileSync(Buffer.from(`${root}/\xff\xfe`, 'latin1'), 'no UTF-8');
  writeFileSync(join(root, 'large'), Buffer.alloc(900_000, 'x'));
  writeFileSync(join(root, 'read-only'), 'r', { mode: 0o444 });
  chmodSync(join(root, 'f1'), 0o4751);
  symlinkSync('sub/../f2', join(root, 'link'));
  linkSync(join(root, 'f4'), join(root, 'sub/deep/other name of f4'));
  chmodSync(join(root, 'sub/deep'), 0o555);
}

describe.skipIf(!canBundle).each(['push', 'pull'] as const)('many small files in a bundle, %s (P06)', way => {
  const source = (): string => (way === 'push' ? here : there);
  const target = (): string => (way === 'push' ? there : here);

  it('are what they were, to where nothing is, and to where some is', async () => {
    makeTree(source());
    const first = await move(way);
    expect(first.error).toBeUndefined();
    expect(connection.commands.join('\n')).not.toContain('tar -x');
    expect(look(target())).toBe(look(source()));
    expect(first.result).toMatchObject({ files: MANY + 5, verified: MANY + 5 });
    for (let index = 0; index < MANY; index += 1) writeFileSync(join(source(), `f${index}`), 'anew');
    rmSync(join(source(), 'f1'));
    mkdirSync(join(target(), 'f1.d'));
    const second = await move(way, { deleteExtra: true });
    expect(second.error).toBeUndefined();
    expect(look(target())).toBe(look(source()));
    expect(readdirSync(folder).filter(name => name.startsWith('.'))).toEqual([]);
  });

  it('get the modes and times of new files where theirs are not kept', async () => {
    makeTree(source());
    const { error } = await move(way, { preserve: false });
    expect(error).toBeUndefined();
    const modes = spawnSync('stat', ['-c', '%a', join(target(), 'f1'), join(target(), 'read-only')]);
    expect(modes.stdout.toString()).toBe('751\n444\n');
    const newer = spawnSync('find', [join(target(), 'f2'), '-newer', join(source(), 'f2')]);
    expect(newer.stdout.toString()).not.toBe('');
  });

  it('come by tar where python3 does not run, and nothing counts twice', async () => {
    makeTree(source());
    // less memory than it needs to begin, and more than the others need
    hostRuns('ulimit -v 12000');
    let last = 0;
    const { error, result } = await move(way, { onProgress: bytes => void (last = bytes) });
    expect(error).toBeUndefined();
    expect(connection.commands.join('\n')).toContain('tar -');
    expect(look(target())).toBe(look(source()));
    expect(result).toMatchObject({ files: MANY + 5, verified: MANY + 5 });
    expect(last).toBe(result.bytes);
  });
});

describe.skipIf(!canBundle)('a bundle', () => {
  it('that a host has no room for is named as such, and can be sent again', async () => {
    makeTree(here);
    hostRuns('ulimit -f 100');
    await expect(move('push')).rejects.toMatchObject({ code: 'transfer.quota' });
    expect(existsSync(there)).toBe(false);
    hostRuns('');
    const { error } = await move('push');
    expect(error).toBeUndefined();
    expect(look(there)).toBe(look(here));
  });

  it('goes on without what vanished meanwhile, and names it', async () => {
    makeTree(there);
    const onBegin = async (): Promise<void> => rmSync(join(there, 'f2'));
    const { error, result } = await move('pull', { onBegin });
    expect(error?.code).toBe('transfer.some-failed');
    expect(result).toMatchObject({ files: MANY + 4, failures: [{ path: 'f2' }] });
    expect(result.failures?.[0]?.error.code).toBe('transfer.missing');
  });

  describe('from a host that is not to be trusted', () => {
    const names = ['a', 'b'];
    const chunk = (...files: readonly (Partial<BundleRecord> & { readonly text: string })[]): Buffer => {
      const made = new Chunk(1000);
      for (const { text, ...record } of files) {
        const size = made.bytes.write(text, made.at);
        made.add({ index: 0, kind: 'file', mode: 0o600, size, mtime: 5n, ...record });
      }
      return Buffer.from(made.end());
    };

    /** Its one record speaks of more than there is. */
    function lying(bytes: Buffer): Buffer {
      bytes.writeUInt32BE(900, HEAD + 1 + 7);
      return bytes;
    }

    async function receive(...bytes: readonly Buffer[]): Promise<{ good: number; bad: number; is: boolean }> {
      mkdirSync(here);
      const found = { good: 0, bad: 0, is: false };
      await using bundle = new BundleHere({
        folder: here,
        preserve: true,
        owners: false,
        mask: 0o777,
        largest: 1000,
        onChunk: (files, isGood) => void (found[isGood ? 'good' : 'bad'] += files.length),
      });
      for (const each of [bundleStart(names.join('\0'), []), ...bytes, bundleEnd()]) await bundle.write(each);
      found.is = await bundle.end();
      return found;
    }

    it('writes what was asked for', async () => {
      const found = await receive(chunk({ text: 'A' }, { text: 'B', index: 1, mode: 0o4755 }));
      expect(found).toEqual({ good: 2, bad: 0, is: true });
      expect(look(here)).toMatch(/\na f 600 0\.0000000050 \nb f 755 0\.0000000050 /);
    });

    it.each([
      ['a folder', () => [chunk({ text: '', kind: 'directory' })]],
      ['a link', () => [chunk({ text: '/etc', kind: 'symlink' })]],
      ['a name that nobody asked for', () => [chunk({ text: 'x', index: 2 })]],
      ['contents that are not there', () => [lying(chunk({ text: 'x' }))]],
      ['a chunk beyond all bounds', () => [Buffer.from('0000ffff7fffffff', 'hex')]],
      ['an end in the middle', () => [chunk({ text: 'x' }).subarray(0, 20)]],
    ])('does not take %s', async (_, bytes) => {
      const found = await receive(...bytes());
      expect(found).toEqual({ good: 0, bad: 0, is: false });
      expect(readdirSync(here)).toEqual([]);
    });

    it('does not take a name twice', async () => {
      const found = await receive(chunk({ text: 'A' }), chunk({ text: 'other' }));
      expect(found).toEqual({ good: 1, bad: 0, is: false });
      expect(look(here)).toContain(
        spawnSync('sh', ['-c', 'printf A | sha256sum']).stdout.toString().slice(0, 64),
      );
    });

    it('keeps nothing that differs from its digest', async () => {
      const torn = chunk({ text: 'A' }, { text: 'B', index: 1 });
      torn[8] = 0x5a;
      expect(await receive(torn)).toEqual({ good: 0, bad: 2, is: true });
      expect(readdirSync(here)).toEqual([]);
    });
  });
});
