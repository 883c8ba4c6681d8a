import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, linkSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalConnection } from '../../../test/fakes/local-connection.ts';
import type { Entry } from '../tree/entry.ts';
import { excludeBy } from '../tree/filter.ts';
import { listLocal } from '../tree/local-tree.ts';
import { knownCapabilities } from './capabilities.ts';
import { hostPath } from './list-script.ts';
import { listRemote, type RemoteListing } from './list-remote.ts';
import { runScript } from './run-script.ts';

const { signal } = new AbortController();
let folder: string;
let busybox: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'list-'));
  busybox = join(folder, 'bin');
  mkdirSync(busybox);
  execFileSync('/usr/bin/busybox', ['--install', '-s', busybox]);
  const tree = join(folder, 'tree');
  mkdirSync(join(tree, 'empty folder'), { recursive: true });
  mkdirSync(join(tree, 'sub/deep'), { recursive: true });
  writeFileSync(join(tree, 'sub/plain'), 'hello');
  writeFileSync(join(tree, '-dash'), '');
  writeFileSync(join(tree, 'quote\'s "here" $x `y`'), 'q');
  writeFileSync(Buffer.from(`${tree}/new\nline \xff`, 'latin1'), 'n');
  writeFileSync(join(tree, 'sub/deep/debug.log'), 'x');
  linkSync(join(tree, 'sub/plain'), join(tree, 'sub/second'));
  symlinkSync('line\nbreak', join(tree, 'broken'));
  symlinkSync('sub', join(tree, 'to folder'));
  execFileSync('mkfifo', [join(tree, 'pipe')]);
  chmodSync(join(tree, 'sub/deep'), 0o2711);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hosts = {
  GNU: () => new LocalConnection({ home: folder, shellDirectory: '/bin', noise: 'Welcome!' }),
  busybox: () => new LocalConnection({ home: folder, shellDirectory: busybox }),
};

function listing(extra: Partial<RemoteListing> = {}): RemoteListing {
  return { root: hostPath(`${folder}/tree`), follow: false, excluded: excludeBy([]), signal, ...extra };
}

/** What both sides can know: whole seconds, names of owners as the host has them. */
function plain(entries: ReadonlyMap<string, Entry>): unknown[] {
  return [...entries.values()]
    .map(({ owner: _owner, group: _group, inode, mtime, ...rest }) => ({
      ...rest,
      names: inode === null ? 1 : 2,
      mtime: mtime / 1_000_000_000n,
    }))
    .sort((one, other) => (one.path < other.path ? -1 : 1));
}

describe.each(Object.entries(hosts))('a listing by %s', (_, connect) => {
  it('is the same as one of this machine, to the byte of every name', async () => {
    const { tree } = await listRemote(connect(), listing());
    const local = await listLocal(`${folder}/tree`, {
      rules: { excluded: excludeBy([]) },
      links: 'keep',
      signal,
    });
    expect(plain(tree.entries)).toEqual(plain(local.entries));
    expect(tree.entries.size).toBe(13);
    expect(tree.entries.get('sub/plain')?.inode).toBe(tree.entries.get('sub/second')?.inode);
    expect(tree.entries.get('broken')?.link).toBe('line\nbreak');
  });

  it('follows links where asked, and names those that lead nowhere', async () => {
    const { tree } = await listRemote(connect(), listing({ follow: true }));
    const local = await listLocal(`${folder}/tree`, {
      rules: { excluded: excludeBy([]) },
      links: 'follow',
      signal,
    });
    expect(plain(tree.entries)).toEqual(plain(local.entries));
    expect(tree.entries.get('to folder/plain')?.type).toBe('file');
  });

  it('leaves out what the rules say, with all that is in it', async () => {
    const { tree } = await listRemote(
      connect(),
      listing({ excluded: excludeBy(['*.log', '/sub/s*', 'empty*/']) }),
    );
    expect(
      [...tree.entries.keys()].sort().filter(path => path.startsWith('sub') || path.startsWith('e')),
    ).toEqual(['sub', 'sub/deep', 'sub/plain']);
    expect([...tree.holdsExcluded].sort()).toEqual(['', 'sub', 'sub/deep']);
  });

  it('tells nothing from a file, a folder and what stands in for it', async () => {
    const connection = connect();
    const nothing = await listRemote(connection, listing({ root: `${folder}/none` }));
    expect([nothing.tree.entries.size, nothing.isInstead]).toEqual([0, false]);
    const file = await listRemote(connection, listing({ root: `${folder}/tree/sub/plain` }));
    expect([...file.tree.entries.values()]).toMatchObject([{ path: '', type: 'file', size: 5 }]);
    const instead = await listRemote(
      connection,
      listing({ root: `${folder}/none`, instead: `${folder}/tree/sub` }),
    );
    expect([instead.tree.entries.size, instead.isInstead]).toEqual([5, true]);
    expect(connection.commands).toHaveLength(3);
    expect(knownCapabilities(connection)?.hash).toBe('sha256sum');
  });

  it('begins at the home for a relative path', async () => {
    const { tree } = await listRemote(connect(), listing({ root: hostPath('tree/sub/') }));
    expect([...tree.entries.keys()]).toContain('deep/debug.log');
  });

  it('is bounded', async () => {
    await expect(listRemote(connect(), listing({ limit: 5 }))).rejects.toMatchObject({
      code: 'transfer.too-many-entries',
    });
  });
});

describe('a listing that is not whole', () => {
  async function listAs(script: string): Promise<unknown> {
    const fake = mkdtempSync(join(folder, 'fake-'));
    writeFileSync(join(fake, 'find'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    writeFileSync(join(fake, 'sh'), '#!/bin/sh\nexec /bin/sh "$@"\n', { mode: 0o755 });
    const connection = new LocalConnection({ home: folder, shellDirectory: fake });
    return await listRemote(connection, listing());
  }
  const root = String.raw`printf 'd 0 1.5 755 0 0 2 1:1 0\0root\0root\0\0\0'; case "$*" in *maxdepth*) exit 0;; esac`;
  const entry = (name: string): string =>
    `${root}; printf 'f 1 1.5 644 0 0 1 1:2 0\\0root\\0root\\0${name}\\0\\0'`;

  it('is an error, not a smaller tree', async () => {
    await expect(listAs(`${root}; kill -9 $PPID`)).rejects.toMatchObject({ code: 'ssh.connection-lost' });
    await expect(listAs(`${root}; exit 1`)).rejects.toMatchObject({ code: 'transfer.protocol' });
    await expect(listAs(`${root}; printf 'f 1 1.5'`)).rejects.toMatchObject({ code: 'transfer.protocol' });
  });

  it.each(['../x', 'a/../../x', '/etc/x', 'a//b', './x', 'missing/x', ''])(
    'refuses the name %j',
    async name => {
      await expect(listAs(entry(name))).rejects.toMatchObject({ code: 'transfer.outside' });
    },
  );

  it('names what could not be looked into', async () => {
    const said = `echo "find: '${folder}/tree/secret': Permission denied" >&2; exit 1`;
    await expect(listAs(`${entry('x')}; ${said}`)).resolves.toMatchObject({
      tree: { problems: [{ path: 'secret' }] },
    });
  });
});

it('runs a script under any login shell, and says so where there is none', async () => {
  const connection = hosts.GNU();
  const { stdout } = await runScript(connection, String.raw`printf '%s\0' 'it'\''s' "a!b" '\\'; cat`, {
    signal,
    stdin: Buffer.from('in'),
  });
  expect(stdout.toString()).toBe("it's\0a!b\0\\\\\0in");
});
