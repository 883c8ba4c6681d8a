import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { transfer } from '../../src/transfer/transfer.ts';
import { differenceOf, parseDump } from '../../src/transfer/extended/dump.ts';
import { useSides } from './transfer-sides.ts';

/** Extended attributes and access control lists, with the programs that set them everywhere. */
let folder: string;
let here: string;
let there: string;
const sides = useSides();
beforeEach(() => ({ folder, here, there } = sides.places));
const request = sides.request;
const [, connect] = sides.hosts[0] as (typeof sides.hosts)[number];

const LOOK = "getfattr -R -P -h -d -m '^user' -e hex . ; getfacl -R -P -n -p .";
function look(root: string): string {
  return execFileSync('sh', ['-c', LOOK], { cwd: root }).toString();
}
function decorate(root: string): void {
  mkdirSync(join(root, 'sub'), { recursive: true });
  for (const name of ['plain', 'odd = \n\\ name', 'sub/both', 'sub/none'])
    writeFileSync(join(root, name), name);
  symlinkSync('plain', join(root, 'link'));
  const script = [
    'setfattr -n user.one -v "two words" plain; setfattr -n user.binary -v 0x00ff0a3d plain; setfattr -n user.empty sub/both',
    'setfattr -n user.odd -v 1 "$1"; setfattr -n user.folder -v f sub',
    'setfacl -m u:1234:rwx,g:4321:r plain; setfacl -m u:99:r "$1" sub/both; setfacl -d -m u:77:rx sub',
  ].join('; ');
  execFileSync('sh', ['-c', script, 'sh', 'odd = \n\\ name'], { cwd: root });
}

describe('what is beyond modes and owners', () => {
  it.each(['push', 'pull'] as const)(
    'goes along on request, and what went away goes away (%s)',
    async direction => {
      const [from, to] = direction === 'push' ? [here, there] : [there, here];
      decorate(from);
      const asked = { direction, xattrs: true, acls: true } as const;
      const { result } = await transfer(request(connect, { direction }));
      expect(result).not.toHaveProperty('extended');
      expect(look(to)).not.toContain('user.');
      const first = await transfer(request(connect, { ...asked, intoFolder: false }));
      expect(first.error).toBeUndefined();
      expect(first.result).toMatchObject({ bytes: 0, extended: 8 });
      expect(look(to)).toBe(look(from));
      const again = await transfer(request(connect, { ...asked, intoFolder: false }));
      expect(again.result.extended).toBe(0);
      execFileSync(
        'sh',
        ['-c', 'setfattr -x user.one plain; setfacl -b plain; setfattr -n user.more -v m sub/none'],
        { cwd: from },
      );
      const later = await transfer(request(connect, { ...asked, intoFolder: false }));
      expect(later.result.extended).toBe(3);
      expect(look(to)).toBe(look(from));
    },
  );

  it('goes both ways: each change reaches the other side, and what changed on both is named', async () => {
    decorate(here);
    const asked = { direction: 'both', xattrs: true, acls: true, deleteExtra: true } as const;
    const dry = await transfer(request(connect, { ...asked, dryRun: true }));
    expect(dry.result).toMatchObject({ extended: 8, conflicts: [] });
    const first = await transfer(request(connect, asked));
    expect(first.error).toBeUndefined();
    expect(first.result.extended).toBe(8);
    expect(look(there)).toBe(look(here));
    const change = (root: string, script: string): Buffer =>
      execFileSync('sh', ['-c', `set -e; ${script}`], { cwd: root });
    // a file that is replaced loses what it had: the other side's change comes back with it
    change(here, 'setfattr -n user.mine -v m sub/none; printf changed >sub/both; setfacl -b plain');
    change(there, 'setfattr -n user.theirs -v t sub/both; setfattr -x user.one plain; setfacl -m u:5:r sub');
    const second = await transfer(request(connect, asked));
    expect(second.error).toBeUndefined();
    expect(look(there)).toBe(look(here));
    expect(look(here)).toContain('user.theirs=0x74');
    expect(look(here)).toContain('user.mine=0x6d');
    expect(look(here)).not.toContain('user.one');
    expect(look(here)).not.toContain('user:1234:');
    expect(look(here)).toContain('user:5:r--');
    const again = await transfer(request(connect, asked));
    expect(again.result).toMatchObject({ extended: 0, bytes: 0, conflicts: [] });
    // on both sides, and one that the other side removes
    change(here, 'setfattr -n user.mine -v other sub/none; rm plain');
    change(there, 'setfattr -n user.mine -v theirs sub/none; setfattr -n user.new -v n plain');
    const planned = await transfer(request(connect, { ...asked, dryRun: true }));
    expect(planned.result.plan?.map(({ action, path }) => `${action} ${path}`).sort()).toEqual([
      'conflict plain',
      'conflict sub/none',
    ]);
    const third = await transfer(request(connect, asked));
    expect(third.error?.code).toBe('transfer.conflicts');
    expect(third.result.conflicts.map(({ path, reason }) => `${path}: ${reason}`).sort()).toEqual([
      'plain: its extended attributes were changed on one side, and the other removed it',
      'sub/none: its extended attributes differ and were changed on both sides',
    ]);
    expect(look(here)).toContain(`user.mine=0x${Buffer.from('other').toString('hex')}`);
    expect(look(there)).toContain(`user.mine=0x${Buffer.from('theirs').toString('hex')}`);
    expect(look(there)).toContain('user.new=0x6e');
  });

  it('goes along with one file', async () => {
    decorate(here);
    const one = { local: join(here, 'plain'), remote: join(folder, 'one'), xattrs: true, acls: true };
    expect((await transfer(request(connect, one))).result.extended).toBe(2);
    const tail = (path: string): string =>
      execFileSync('sh', ['-c', LOOK.replaceAll(' .', ' "$1"'), 'sh', path])
        .toString()
        .replaceAll(/^# file: .*$/gm, '');
    expect(tail(join(folder, 'one'))).toBe(tail(join(here, 'plain')));
  });

  it('is taken only for what is in the tree, and only as what it should be', () => {
    const text = [
      '# file: ../../etc/passwd',
      'user.evil=0x00',
      '# file: a',
      'user.good=0x01',
      'security.capability=0x0100',
      'user.x=0x00; rm -rf /',
      '# file: a',
      'user.second=0x02',
    ].join('\n');
    const dump = parseDump(text, 'xattrs', path => path === 'a', undefined);
    expect([...dump]).toEqual([['a', ['user.good=0x01']]]);
    expect(differenceOf('xattrs', dump, new Map(), undefined)).toEqual({
      restore: '# file: a\nuser.good=0x01\n',
      remove: [],
      count: 1,
    });
  });
});
