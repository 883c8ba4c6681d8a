import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { DeckhandError } from '../../src/core/deckhand-error.ts';
import { removeParts, transfer, type TransferRequest } from '../../src/transfer/transfer.ts';
import { manifest, raw, useSides } from './transfer-sides.ts';

let folder: string;
let here: string;
let there: string;
const sides = useSides();
beforeEach(() => ({ folder, here, there } = sides.places));
const request = sides.request;

/** Everything that a tree may hold. */
function makeTree(root: string): void {
  mkdirSync(join(root, 'empty folder'), { recursive: true });
  mkdirSync(join(root, 'sub/deep/deeper'), { recursive: true });
  writeFileSync(join(root, 'sub/plain'), 'hello');
  writeFileSync(join(root, '-dash'), '');
  writeFileSync(join(root, 'quote\'s "here" $x `y` \\'), 'q');
  writeFileSync(raw(root, 'new\nline \xff'), 'n');
  writeFileSync(join(root, 'sub/deep/deeper/file'), 'x'.repeat(70_000));
  writeFileSync(join(root, 'n'.repeat(255)), 'long');
  linkSync(join(root, 'sub/plain'), join(root, 'sub/second'));
  symlinkSync('line\nbreak', join(root, 'broken'));
  symlinkSync('sub', join(root, 'to folder'));
  chmodSync(join(root, 'sub/plain'), 0o4711);
  chmodSync(join(root, 'sub/deep'), 0o2750);
  writeFileSync(join(root, 'big'), Buffer.alloc(4_500_000, 'abcdefg'));
  writeFileSync(join(root, 'sparse'), 'start');
  truncateSync(join(root, 'sparse'), 6_000_000);
  appendFileSync(join(root, 'sparse'), 'end');
  execFileSync('find', [root, '-exec', 'touch', '-h', '-d', '@1600000000.123456789', '{}', '+']);
}

function names(root: string): string[] {
  return readdirSync(root, { recursive: true }).map(String).sort();
}

describe.each(sides.hosts)('a transfer with a host of %s', (kind, connect) => {
  const unit = kind.startsWith('busybox') ? 1_000_000_000n : 1n;

  it('carries a tree up as it is, and nothing the second time', async () => {
    makeTree(here);
    const progress: number[] = [];
    const { result, error } = await transfer(
      request(connect, { onProgress: (done, total) => void progress.push(done, total) }),
    );
    expect(error).toBeUndefined();
    expect(manifest(there, unit)).toEqual(manifest(here, unit));
    expect(result).toMatchObject({ files: 8, directories: 5, links: 3, conflicts: [], skippedCount: 0 });
    expect(result.verified).toBe(8);
    expect(progress.at(-2)).toBe(progress.at(-1));
    expect(result.bytes).toBeGreaterThan(4_500_000);
    expect(lstatSync(join(there, 'sparse')).blocks).toBeLessThan(6_000);
    expect(names(folder)).not.toContain(expect.stringContaining('.deckhand'));
    const again = await transfer(request(connect));
    expect(again.result).toMatchObject({ files: 0, bytes: 0, directories: 0, links: 0, unchanged: 16 });
  });

  it.each(['push', 'pull'] as const)(
    'leaves out what is no file, by name, and rules say more (%s)',
    async direction => {
      const [from, to] = direction === 'push' ? [here, there] : [there, here];
      mkdirSync(join(from, 'node_modules/x'), { recursive: true });
      execFileSync('mkfifo', [join(from, 'pipe')]);
      writeFileSync(join(from, 'file'), 'f');
      writeFileSync(join(from, 'node_modules/x/y'), 'y');
      symlinkSync('/etc/passwd', join(from, 'link'));
      const rules = { exclude: ['node_modules'], links: 'skip' } as const;
      const { result, error } = await transfer(request(connect, { direction, ...rules }));
      expect(error).toBeUndefined();
      expect(result.skipped.map(({ path, reason }) => `${path}: ${reason}`).sort()).toEqual([
        'link: symbolic links are left out',
        'pipe: it is a fifo',
      ]);
      expect(names(to)).toEqual(['file']);
    },
  );

  it('sets the times of folders whose files came after them', async () => {
    for (const name of ['a', 'a b', 'a/b', 'a/b/c', 'd']) {
      mkdirSync(join(here, name), { recursive: true });
      writeFileSync(join(here, name, 'file'), name);
    }
    execFileSync('find', [here, '-exec', 'touch', '-d', '@1600000000.5', '{}', '+']);
    await transfer(request(connect));
    const { result } = await transfer(request(connect, { dryRun: true }));
    expect(result.plan).toEqual([]);
  });

  it('carries a tree down as it is, and nothing the second time', async () => {
    makeTree(there);
    const down = { direction: 'pull' } as const;
    const { result, error } = await transfer(request(connect, down));
    expect(error).toBeUndefined();
    expect(manifest(here, unit)).toEqual(manifest(there, unit));
    expect(result).toMatchObject({ files: 8, directories: 5, links: 3, verified: 8 });
    expect(lstatSync(join(here, 'sparse')).blocks).toBeLessThan(6_000);
    expect((await transfer(request(connect, down))).result).toMatchObject({
      files: 0,
      bytes: 0,
      unchanged: 16,
    });
    expect(readdirSync(folder).sort()).toEqual(['here', 'there']);
  });

  it.each(['push', 'pull'] as const)(
    'changes only what differs (%s), also types, and deletes when asked',
    async direction => {
      const [from, to] = direction === 'push' ? [here, there] : [there, here];
      makeTree(from);
      await transfer(request(connect, { direction }));
      writeFileSync(join(from, 'sub/plain'), 'changed');
      chmodSync(join(from, '-dash'), 0o600);
      rmSync(join(from, 'sub/deep'), { recursive: true });
      writeFileSync(join(from, 'sub/deep'), 'now a file');
      rmSync(join(from, 'to folder'));
      mkdirSync(join(from, 'to folder'));
      writeFileSync(join(from, 'to folder/in'), 'in');
      appendFileSync(join(from, 'big'), 'more');
      writeFileSync(join(to, 'sub/extra'), 'e');
      mkdirSync(join(to, 'extra folder'));
      const plan = await transfer(request(connect, { direction, deleteExtra: true, dryRun: true }));
      expect(plan.result.plan?.slice(0, 2)).toMatchObject([{ action: 'delete' }, { action: 'delete' }]);
      const kept = await transfer(request(connect, { direction }));
      expect(kept.error?.code).toBe('transfer.conflicts');
      expect(kept.result.conflicts.map(({ path }) => path).sort()).toEqual(['sub/deep', 'to folder']);
      expect(readFileSync(join(to, 'sub/extra'), 'utf8')).toBe('e');
      const { result, error } = await transfer(request(connect, { direction, deleteExtra: true }));
      expect(error).toBeUndefined();
      expect(result.deleted).toBe(2);
      expect(manifest(to, unit)).toEqual(manifest(from, unit));
    },
  );

  it.each(['push', 'pull'] as const)(
    'puts a file into a folder, or under the given name (%s)',
    async direction => {
      const [from, to] = direction === 'push' ? [here, there] : [there, here];
      mkdirSync(from);
      mkdirSync(to);
      writeFileSync(join(from, 'one'), 'contents');
      const side = (path: string): Partial<TransferRequest> =>
        direction === 'push'
          ? { local: join(from, 'one'), remote: path }
          : { remote: join(from, 'one'), local: path };
      expect((await transfer(request(connect, { direction, ...side(to) }))).result.files).toBe(1);
      expect(
        (await transfer(request(connect, { direction, ...side(join(to, 'a/b/other')) }))).error,
      ).toBeUndefined();
      writeFileSync(join(from, 'one'), 'newer contents');
      await transfer(request(connect, { direction, ...side(join(to, 'one')) }));
      expect(names(to)).toEqual(['a', 'a/b', 'a/b/other', 'one']);
      expect(readFileSync(join(to, 'one'), 'utf8')).toBe('newer contents');
    },
  );

  it('leaves modes and times alone where they are not to be kept, and compares contents', async () => {
    mkdirSync(here);
    writeFileSync(join(here, 'x'), 'x', { mode: 0o600 });
    chmodSync(join(here, 'x'), 0o666);
    execFileSync('touch', ['-d', '@1000000000', join(here, 'x')]);
    await transfer(request(connect, { preserve: false }));
    const stats = lstatSync(join(there, 'x'));
    expect(stats.mode & 0o777).toBe(0o644);
    expect(stats.mtimeMs).toBeGreaterThan(1_600_000_000_000);
    expect((await transfer(request(connect, { preserve: false }))).result.bytes).toBe(0);
  });

  it('guards against an empty source, and names what is missing', async () => {
    makeTree(there);
    const before = names(there);
    const missing = transfer(request(connect, { direction: 'push' }));
    await expect(missing).rejects.toMatchObject({ code: 'local.file-missing' });
    mkdirSync(here);
    const push = { deleteExtra: true } as const;
    await expect(transfer(request(connect, push))).rejects.toMatchObject({ code: 'transfer.empty-source' });
    expect(names(there)).toEqual(before);
    await transfer(request(connect, { ...push, allowEmptySource: true }));
    expect(names(there)).toEqual([]);
    const none = transfer(request(connect, { direction: 'pull', remote: join(folder, 'none') }));
    await expect(none).rejects.toMatchObject({ code: 'transfer.missing' });
  });

  it('carries changes both ways, and names conflicts', async () => {
    makeTree(here);
    const both = { direction: 'both', deleteExtra: true } as const;
    await transfer(request(connect, both));
    expect(manifest(there, unit)).toEqual(manifest(here, unit));
    expect((await transfer(request(connect, both))).result).toMatchObject({ bytes: 0, unchanged: 16 });
    writeFileSync(join(here, 'from here'), 'h');
    writeFileSync(join(there, 'from there'), 't');
    writeFileSync(join(here, 'sub/plain'), 'mine');
    writeFileSync(join(there, '-dash'), 'theirs');
    rmSync(join(there, 'big'));
    writeFileSync(join(here, 'sub/deep/deeper/file'), 'one');
    writeFileSync(join(there, 'sub/deep/deeper/file'), 'other');
    const { result, error } = await transfer(request(connect, both));
    expect(error?.code).toBe('transfer.conflicts');
    expect(result.conflicts).toMatchObject([{ path: 'sub/deep/deeper/file' }]);
    expect(result).toMatchObject({ deleted: 1 });
    for (const [path, text] of [
      ['from here', 'h'],
      ['from there', 't'],
      ['-dash', 'theirs'],
    ] as const)
      for (const root of [here, there]) expect(readFileSync(join(root, path), 'utf8')).toBe(text);
    expect(readFileSync(join(there, 'sub/plain'), 'utf8')).toBe('mine');
    expect(readdirSync(here)).not.toContain('big');
    expect(readFileSync(join(here, 'sub/deep/deeper/file'), 'utf8')).toBe('one');
    expect(readFileSync(join(there, 'sub/deep/deeper/file'), 'utf8')).toBe('other');
  });

  it.each(['push', 'pull'] as const)(
    'goes on in a folder that a cut left half filled, which gets its own time (%s)',
    async direction => {
      const [from, to] = direction === 'push' ? [here, there] : [there, here];
      mkdirSync(join(from, 'sub'), { recursive: true });
      for (const name of ['a', 'b']) writeFileSync(join(from, 'sub', name), name);
      execFileSync('find', [from, '-exec', 'touch', '-d', '@1600000000', '{}', '+']);
      mkdirSync(join(folder, '.deckhand-part-task-1'));
      execFileSync('cp', ['-a', from, join(folder, '.deckhand-part-task-1/tree')]);
      rmSync(join(folder, '.deckhand-part-task-1/tree/sub/b'));
      execFileSync('touch', ['-d', '@1600000000', join(folder, '.deckhand-part-task-1/tree/sub')]);
      const { result } = await transfer(request(connect, { direction }));
      expect(result.files).toBe(1);
      expect(manifest(to, unit)).toEqual(manifest(from, unit));
    },
  );

  it.each(['push', 'pull'] as const)(
    'goes on with what a cut left, and removes it when asked (%s)',
    async direction => {
      const [from, to] = direction === 'push' ? [here, there] : [there, here];
      mkdirSync(from);
      writeFileSync(join(from, 'big'), Buffer.alloc(16_000_000, 'abcdefg'));
      for (let number = 0; number < 50; number += 1)
        writeFileSync(join(from, `small ${number}`), 'x'.repeat(100));
      const stop = new AbortController();
      const cut = transfer(
        request(connect, {
          direction,
          signal: stop.signal,
          onProgress: done => {
            if (done > 6_000_000) stop.abort(new DeckhandError('command.cancelled', 'stop'));
          },
        }),
      );
      await expect(cut).rejects.toMatchObject({ code: 'command.cancelled' });
      expect(readdirSync(folder)).not.toContain(direction === 'push' ? 'there' : 'here');
      expect(readdirSync(folder)).toContain('.deckhand-part-task-1');
      const { result } = await transfer(request(connect, { direction }));
      expect(result.bytes).toBeGreaterThan(0);
      expect(result.bytes).toBeLessThan(15_500_000);
      expect(manifest(to, unit)).toEqual(manifest(from, unit));
      expect(readdirSync(folder).filter(name => name.startsWith('.deckhand'))).toEqual([]);
      mkdirSync(join(folder, '.deckhand-part-task-1/tree'), { recursive: true });
      mkdirSync(join(there, '.deckhand-part-task-1/tree'), { recursive: true });
      await removeParts(
        connect(),
        { id: 'task-1', local: here, remote: there },
        new AbortController().signal,
      );
      expect(names(folder).filter(name => name.includes('.deckhand'))).toEqual([]);
    },
  );
});
