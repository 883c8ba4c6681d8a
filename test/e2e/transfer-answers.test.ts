import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
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
