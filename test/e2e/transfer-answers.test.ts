import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { DeckhandError } from '../../src/core/deckhand-error.ts';
import type { TransferResult } from '../../src/core/transfer-params.ts';
import { transfer } from '../../src/transfer/transfer.ts';
import { manifest, raw, useSides } from './transfer-sides.ts';

/** What a transfer says: of what it would do, and of what it cannot. */
let here: string;
let there: string;
const sides = useSides();
beforeEach(() => ({ here, there } = sides.places));
const request = sides.request;

describe.each(sides.hosts)('with a host of %s, a transfer', (_kind, connect) => {
  it('says what would change in each file, and changes nothing', async () => {
    mkdirSync(here);
    const lines = Array.from({ length: 30 }, (_, number) => `line ${number}\n`).join('');
    for (const [name, text] of [
      ['text', lines],
      ['binary', 'b\0b'],
      ['large', lines.repeat(1000)],
      ['gone', 'last words'],
      ['mode', 'm'],
      ['new\nline \xff', 'odd\n'],
    ] as const)
      writeFileSync(raw(here, name), text);
    await transfer(request(connect, { intoFolder: false }));
    writeFileSync(join(here, 'text'), lines.replace('line 12', 'changed it'));
    writeFileSync(join(here, 'binary'), 'cc\0c');
    writeFileSync(join(here, 'large'), `more${lines.repeat(1000)}`);
    writeFileSync(join(here, 'fresh'), 'fresh\n');
    writeFileSync(raw(here, 'new\nline \xff'), 'odder\n');
    chmodSync(join(here, 'mode'), 0o600);
    rmSync(join(here, 'gone'));
    for (const direction of ['push', 'pull'] as const) {
      const [local, remote] = direction === 'push' ? [here, there] : [there, here];
      const before = manifest(there);
      const { result } = await transfer(
        request(connect, { direction, local, remote, deleteExtra: true, diff: true }),
      );
      expect(manifest(there)).toEqual(before);
      const plan = new Map(result.plan?.map(({ path, diff }) => [path, diff]));
      const head = '@@ -10,7 +10,7 @@\n line 9\n line 10\n line 11\n';
      expect(plan.get('text')).toEqual({
        text: `${head}-line 12\n+changed it\n line 13\n line 14\n line 15`,
      });
      expect(plan.get('binary')).toEqual({ note: 'binary' });
      expect(plan.get('large')).toEqual({ note: 'larger than 64 KiB, not compared line by line' });
      expect(plan.get('fresh')).toEqual({ text: '@@ -0,0 +1 @@\n+fresh' });
      expect(plan.get('mode')).toEqual({ note: 'mode 0644 becomes 0600' });
      expect(plan.get('gone')).toEqual({ text: '@@ -1 +0,0 @@\n-last words\n\\ No newline at end of file' });
      expect([...plan.values()]).toContainEqual({ text: '@@ -1 +1 @@\n-odd\n+odder' });
    }
    const both = await transfer(request(connect, { direction: 'both', diff: true }));
    expect(both.result.plan?.find(({ path }) => path === 'text')).toMatchObject({
      action: 'conflict',
      diff: { text: expect.stringContaining('-changed it\n+line 12') as string },
    });
  });
});

/** One answer for each mistake: its code, the path in its text, and a hint. */
describe.each(sides.hosts)('with a host of %s, bad input', (_kind, connect) => {
  type Wish = Parameters<typeof request>[1];
  async function answer(
    extra: Wish,
  ): Promise<{ code: string; message: string; hint: string; result?: TransferResult }> {
    try {
      const { error, result } = await transfer(request(connect, extra));
      const record = error?.toJSON() ?? { code: 'none', message: '', hint: '' };
      return { ...record, result };
    } catch (error) {
      if (!(error instanceof DeckhandError)) throw error;
      return error.toJSON();
    }
  }
  const says = (code: string, text: RegExp | string): object => ({
    code,
    message: expect.stringMatching(text) as string,
    hint: expect.stringMatching(/\w{3}/) as string,
  });
  const sidesOf = (direction: 'push' | 'pull'): [string, string] =>
    direction === 'push' ? [here, there] : [there, here];

  it.each(['push', 'pull'] as const)('a missing source (%s)', async direction => {
    const [code, where] =
      direction === 'push'
        ? (['local.file-missing', /here' does not|here does not/] as const)
        : (['transfer.missing', /there on local does not exist/] as const);
    expect(await answer({ direction })).toMatchObject(says(code, where));
  });

  it.each(['push', 'pull'] as const)(
    'a file where a folder is, and the other way round (%s)',
    async direction => {
      const [from, to] = sidesOf(direction);
      mkdirSync(join(from, 'a'), { recursive: true });
      writeFileSync(join(from, 'b'), 'file');
      mkdirSync(join(to, 'b'), { recursive: true });
      writeFileSync(join(to, 'b/kept'), 'kept');
      writeFileSync(join(to, 'a'), 'kept');
      const clash = await answer({ direction });
      expect(clash).toMatchObject(
        says(
          'transfer.conflicts',
          /2 conflicts; the first: [ab]: a (?:file|directory) is in the place of a (?:file|directory)/,
        ),
      );
      expect(readFileSync(join(to, 'b/kept'), 'utf8')).toBe('kept');
      expect(readFileSync(join(to, 'a'), 'utf8')).toBe('kept');
      // a file in the middle of the path that is to come into being
      const under = direction === 'push' ? { remote: join(to, 'a/x') } : { local: join(to, 'a/x') };
      expect(await answer({ direction, ...under })).toMatchObject(says('transfer.not-a-directory', /a/));
      expect(readFileSync(join(to, 'a'), 'utf8')).toBe('kept');
    },
  );

  it.each(['push', 'pull'] as const)('a path that is longer than the system allows (%s)', async direction => {
    const [from, to] = sidesOf(direction);
    mkdirSync(from);
    writeFileSync(join(from, 'file'), 'f');
    const long = join(to, 'n'.repeat(300));
    const end = direction === 'push' ? { remote: long } : { local: long };
    expect(await answer({ direction, ...end })).toMatchObject(says('transfer.name-too-long', /n{20}/));
    const deep = join(to, ...Array.from({ length: 30 }, () => 'd'.repeat(200)));
    const deepEnd = direction === 'push' ? { remote: deep } : { local: deep };
    expect(await answer({ direction, ...deepEnd })).toMatchObject(says('transfer.name-too-long', /d{20}/));
  });

  it.each(['push', 'pull'] as const)('a file system that takes nothing (%s)', async direction => {
    const [from, to] = sidesOf(direction);
    mkdirSync(from);
    mkdirSync(to);
    for (const [name, size] of [
      ['small', 10],
      ['big', 5_000_000],
    ] as const)
      writeFileSync(join(from, name), Buffer.alloc(size));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'none', to]);
    try {
      expect(await answer({ direction })).toMatchObject(
        says('transfer.read-only', /[Rr]ead-only file system/),
      );
    } finally {
      execFileSync('umount', [to]);
    }
  });

  it.each(['push', 'pull'] as const)(
    'a file that keeps changing while it is read, small and large (%s)',
    async direction => {
      const [from, to] = sidesOf(direction);
      mkdirSync(from);
      writeFileSync(join(from, 'still'), 'still');
      writeFileSync(join(from, 'busy'), Buffer.alloc(30_000_000, 'x'));
      const busy = setInterval(() => writeFileSync(join(from, 'busy'), 'y', { flag: 'a' }), 1);
      try {
        const torn = await answer({ direction });
        expect(torn).toMatchObject(
          says(
            'transfer.some-failed',
            /1 of 2 files failed; the first: busy changed while it was read, twice/,
          ),
        );
        expect(torn.result?.failures).toMatchObject([{ path: 'busy', error: { code: 'transfer.changed' } }]);
      } finally {
        clearInterval(busy);
      }
      expect(readdirSync(to)).toEqual(['still']);
    },
  );

  it.each(['push', 'pull'] as const)('clocks that differ by years change nothing (%s)', async direction => {
    const [from, to] = sidesOf(direction);
    mkdirSync(from);
    for (const [name, time] of [
      ['future', '@4000000000'],
      ['past', '@100000000'],
    ] as const) {
      writeFileSync(join(from, name), name);
      execFileSync('touch', ['-d', time, join(from, name)]);
    }
    expect(await answer({ direction })).toMatchObject({ code: 'none', result: { files: 2 } });
    // what the target has is newer by its own clock: what the source has counts all the same
    writeFileSync(join(to, 'past'), 'newer, and other');
    expect(await answer({ direction })).toMatchObject({ code: 'none', result: { files: 1 } });
    expect(readFileSync(join(to, 'past'), 'utf8')).toBe('past');
    expect(await answer({ direction })).toMatchObject({ code: 'none', result: { files: 0, unchanged: 3 } });
  });
});
