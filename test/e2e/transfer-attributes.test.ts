import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bootHost, type LabHost, labSshConfig } from '../lab/lab.ts';
import { deckhand, stopDaemon } from './deckhand-command.ts';

/** Extended attributes and access control lists between this machine and a booted host, both ways. */
let folder: string;
let configFile: string;
let host: LabHost;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'attributes-e2e-'));
  host = await bootHost(142);
  configFile = await labSshConfig([host], folder);
  await there('apt-get install -y -qq acl attr >/dev/null');
});
afterAll(async () => {
  await stopDaemon(folder);
  await host?.down();
  rmSync(folder, { recursive: true, force: true });
});

const TREE = '/srv/tree';
const LOOK = "getfattr -R -P -h -d -m '^user' -e hex . ; getfacl -R -P -n -p .";

async function there(script: string): Promise<string> {
  const { code, stdout, stderr } = await host.run(`set -e; ${script}`, { timeoutMs: 120_000 });
  if (code !== 0) throw new Error(stderr);
  return stdout;
}
function here(script: string): string {
  return execFileSync('sh', ['-c', `set -e; ${script}`], {
    cwd: join(folder, 'tree'),
    env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
    stdio: ['ignore', 'pipe', 'pipe'],
  }).toString();
}
async function bothLook(): Promise<readonly [string, string]> {
  return [inOrder(here(LOOK)), inOrder(await there(`export LC_ALL=C; cd ${TREE}; ${LOOK}`))];
}
/** Two versions of these programs write names in two ways, and find them in any order. */
function inOrder(text: string): string {
  const plain = text.replaceAll('# file: ./', '# file: ').replaceAll(String.raw`\134`, String.raw`\\`);
  return plain.split('\n\n').toSorted().join('\n\n');
}

interface Synced {
  readonly code: number | null;
  readonly result: {
    readonly bytes: number;
    readonly extended: number;
    readonly conflicts: readonly { readonly path: string; readonly reason: string }[];
  };
}
async function sync(): Promise<Synced> {
  const words = ['--both', '--delete', '--yes', '--xattrs', '--acls', join(folder, 'tree')];
  const { code, stdout } = await deckhand(
    ['sync', '--json', '--ssh-config', configFile, ...words, `${host.name}:${TREE}`],
    { folder },
  );
  const { results } = JSON.parse(stdout) as { results: readonly { result: Synced['result'] }[] };
  return { code, result: results[0]?.result as Synced['result'] };
}

it('go both ways with a host, and what changed on both sides is a conflict (Q06)', async () => {
  mkdirSync(join(folder, 'tree/sub'), { recursive: true });
  for (const name of ['plain', 'odd = \n\\ name', 'sub/both', 'sub/none'])
    writeFileSync(join(folder, 'tree', name), name);
  here(
    [
      'setfattr -n user.one -v "two words" plain; setfattr -n user.binary -v 0x00ff0a3d plain',
      'setfattr -n user.odd -v 1 odd*; setfattr -n user.folder -v f sub; setfattr -n user.empty sub/both',
      'setfacl -m u:1234:rwx,g:4321:r plain; setfacl -m u:99:r odd* sub/both; setfacl -d -m u:77:rx sub',
    ].join('; '),
  );
  const first = await sync();
  expect(first).toMatchObject({ code: 0, result: { extended: 8, conflicts: [] } });
  const [mine, theirs] = await bothLook();
  expect(theirs).toBe(mine);
  expect(theirs).toContain('user.binary=0x00ff0a3d');
  expect(theirs).toContain('default:user:77:r-x');

  // each side gets what is new on the other, also where the file itself is replaced
  here('setfattr -n user.mine -v m sub/none; printf changed >sub/both; setfacl -b plain');
  await there(
    `cd ${TREE}; setfattr -n user.theirs -v t sub/both; setfattr -x user.one plain; setfacl -m u:5:r sub`,
  );
  expect(await sync()).toMatchObject({ code: 0, result: { conflicts: [] } });
  const [mineThen, theirsThen] = await bothLook();
  expect(theirsThen).toBe(mineThen);
  for (const text of ['user.theirs=0x74', 'user.mine=0x6d', 'user:5:r--']) expect(mineThen).toContain(text);
  for (const text of ['user.one', 'user:1234:']) expect(mineThen).not.toContain(text);
  expect(await sync()).toMatchObject({ code: 0, result: { extended: 0, bytes: 0, conflicts: [] } });

  here('setfattr -n user.mine -v other sub/none; setfacl -m u:6:r sub/both');
  await there(`cd ${TREE}; setfattr -n user.mine -v theirs sub/none; setfacl -m u:6:rw sub/both`);
  const third = await sync();
  expect(third.code).toBe(1);
  expect(third.result.conflicts.map(({ path }) => path).sort()).toEqual(['sub/both', 'sub/none']);
  const [mineLast, theirsLast] = await bothLook();
  expect(mineLast).toContain(`user.mine=0x${Buffer.from('other').toString('hex')}`);
  expect(theirsLast).toContain(`user.mine=0x${Buffer.from('theirs').toString('hex')}`);
  expect(mineLast).toContain('user:6:r--');
  expect(theirsLast).toContain('user:6:rw-');
});
