import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SshConnection } from '../../src/ssh/connection.ts';
import type { LentConnection } from '../../src/ssh/kept-connections.ts';
import { opensshEngine } from '../../src/ssh/openssh/openssh-engine.ts';
import { resolveHost } from '../../src/ssh/resolve-host.ts';
import { transfer } from '../../src/transfer/transfer.ts';
import { bootHost, type LabHost, labSshConfig } from '../lab/lab.ts';
import { deckhand as runDeckhand, stopDaemon, type CommandResult } from './deckhand-command.ts';
import { connect, never, signal } from './ssh-client.ts';
import { lentOnce } from '../fakes/lent-once.ts';
import { plainTransfer } from '../fakes/plain-transfer.ts';

/**
 * Files between this machine and booted hosts, by the real command line and daemon. What mostly waits is done to a put
 * and a get at once.
 */

/** Bytes of what counts as large: beyond what a connection of its own is opened for. bench/p05.ts moves a gibibyte. */
const LARGE = 256 * 1024 ** 2;

let folder: string;
let configFile: string;
let one: LabHost;
let other: LabHost;
let tiny: LabHost;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'transfer-e2e-'));
  [one, other, tiny] = await Promise.all([bootHost(174), bootHost(175), bootHost(176, { kind: 'busybox' })]);
  configFile = await labSshConfig([one, other, tiny], folder);
});
afterAll(async () => {
  await stopDaemon(folder);
  await Promise.all([one?.down(), other?.down(), tiny?.down()]);
  rmSync(folder, { recursive: true, force: true });
});

async function deckhand(verb: string, ...rest: readonly string[]): Promise<CommandResult> {
  return await runDeckhand([verb, '--ssh-config', configFile, ...rest], { folder });
}

interface Result {
  readonly files: number;
  readonly bytes: number;
  readonly unchanged: number;
  readonly verified: number;
  readonly deleted: number;
  readonly conflicts: readonly { readonly path: string }[];
  readonly plan?: readonly { readonly action: string; readonly path: string }[];
}

async function move(
  verb: string,
  ...rest: readonly string[]
): Promise<{ code: number | null; result: Result; text: string }> {
  const { code, stdout, stderr } = await deckhand(verb, '--json', ...rest);
  const document = JSON.parse(stdout || '{}') as { results?: { result: Result }[] };
  return { code, result: document.results?.[0]?.result as Result, text: stdout + stderr };
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function bigFile(name: string, size: number): string {
  const path = join(folder, name);
  execFileSync('sh', ['-c', 'head -c "$1" /dev/urandom > "$2"', 'sh', String(size), path]);
  return path;
}

async function hashThere(host: LabHost, path: string): Promise<string> {
  return (await host.run(`sha256sum ${path}`)).stdout.split(' ')[0]?.replace('\\', '') ?? '';
}

async function leftovers(host: LabHost): Promise<string> {
  return (await host.run('find /root /srv -name ".deckhand*" 2>/dev/null')).stdout;
}

interface Shown {
  readonly state: string;
  readonly claim: number;
  readonly progress: { readonly done: number; readonly total: number } | null;
  readonly error: { readonly code: string } | null;
  readonly result: Result | null;
}

async function show(id: string): Promise<Shown> {
  const { stdout } = await runDeckhand(['task', 'show', '--json', id], { folder });
  return (JSON.parse(stdout) as { task: Shown }).task;
}

async function until(id: string, is: (shown: Shown) => boolean): Promise<Shown> {
  for (;;) {
    const shown = await show(id);
    if (is(shown)) return shown;
    await pause(150);
  }
}

async function detached(verb: string, ...rest: readonly string[]): Promise<string> {
  const { stdout } = await deckhand(verb, '--detach', '--json', ...rest);
  return (JSON.parse(stdout) as { tasks: { id: string }[] }).tasks[0]?.id ?? '';
}

async function each(ids: readonly string[], is: (shown: Shown) => boolean): Promise<readonly Shown[]> {
  return await Promise.all(ids.map(async id => await until(id, is)));
}

const isOver = ({ state }: Shown): boolean => ['succeeded', 'failed', 'cancelled', 'lost'].includes(state);
/** A link over which large files are on their way for minutes: none arrives before the test has done to it what it will. */
const CRAWL = '8mbit';
const isUnderWay = ({ progress }: Shown): boolean => (progress?.done ?? 0) > 5_000_000;

describe('large files', () => {
  it('go up and down with equal hashes, and progress is the bytes that moved (Q02 Q03 T08)', async () => {
    const file = bigFile('large', LARGE);
    for (const [verb, ...words] of [
      ['put', file, `${one.name}:/srv/large`],
      ['get', `${one.name}:/srv/large`, join(folder, 'back')],
    ] as const) {
      const { code, stdout } = await deckhand(verb, '--jsonl', ...words);
      expect(code).toBe(0);
      const events = stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as { kind: string; progress?: { done: number; total: number } });
      const seen = events.flatMap(({ progress }) => (progress ? [progress] : []));
      const done = seen.map(progress => progress.done);
      expect(done).toEqual([...done].sort((a, b) => a - b));
      expect(done.some(bytes => bytes > 0 && bytes < LARGE)).toBe(true);
      expect(seen.at(-1)).toMatchObject({ done: LARGE, total: LARGE });
    }
    const hash = await hashOf(file);
    expect(await hashThere(one, '/srv/large')).toBe(hash);
    expect(await hashOf(join(folder, 'back'))).toBe(hash);
    await one.run('rm /srv/large');
    rmSync(file);
    rmSync(join(folder, 'back'));
  });
});

function makeTree(root: string): void {
  mkdirSync(join(root, 'empty folder'), { recursive: true });
  mkdirSync(join(root, 'sub/deep'), { recursive: true });
  writeFileSync(join(root, 'sub/with space'), 'x', { mode: 0o640 });
  writeFileSync(join(root, 'sub/deep/-dash'), 'y');
  writeFileSync(Buffer.from(`${root}/new\nline \xff\xfe`, 'latin1'), 'z');
  writeFileSync(join(root, 'n'.repeat(255)), 'long');
  symlinkSync('../nowhere', join(root, 'link'));
  writeFileSync(join(root, 'big'), Buffer.alloc(6_000_000, 'abc'));
  execFileSync('cp', ['-a', '/usr/share/doc/libc6', join(root, 'real')]);
}

const LOOK = String.raw`find . -printf '%P|%y|%m|%l\0' | sort -z | sha256sum; find . -type f -exec sha256sum {} + | sort | sha256sum`;
const TIMES = String.raw`find . -printf '%P|%T@\0' | sort -z | sha256sum`;

async function thereAndBack(host: LabHost): Promise<void> {
  const tree = join(folder, `tree-${host.kind}`);
  makeTree(tree);
  const up = await move('put', '-r', `${tree}/`, `${host.name}:/root/tree`);
  expect(up).toMatchObject({ code: 0 });
  expect(up.result.verified).toBe(up.result.files);
  const back = join(folder, `back-${host.kind}`);
  expect(await move('get', '-r', `${host.name}:/root/tree/`, back)).toMatchObject({ code: 0 });
  const local = (path: string, script: string): string =>
    execFileSync('sh', ['-c', script], {
      cwd: path,
      env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
    }).toString();
  expect(local(back, LOOK)).toBe(local(tree, LOOK));
  if (host.kind === 'booted') {
    expect((await host.run(`cd /root/tree && export LC_ALL=C; ${LOOK}; ${TIMES}`)).stdout).toBe(
      local(tree, `${LOOK}; ${TIMES}`),
    );
    expect(local(back, TIMES)).toBe(local(tree, TIMES));
  }
  const again = await move('put', '-r', `${tree}/`, `${host.name}:/root/tree`);
  expect(again.result).toMatchObject({ files: 0, bytes: 0 });
  const down = await move('get', '-r', `${host.name}:/root/tree/`, back);
  expect(down.result).toMatchObject({ files: 0, bytes: 0 });
  expect(await leftovers(host)).toBe('');
  await host.run('rm -rf /root/tree');
}

describe('trees', () => {
  it('arrive identical on a booted and on a busybox host, come back so, and do not travel twice (Q04 Q05)', async () => {
    await Promise.all([thereAndBack(one), thereAndBack(tiny)]);
  });

  it('sync both ways, name conflicts, and delete only when asked (Q06 Q07)', async () => {
    const tree = join(folder, 'both');
    mkdirSync(tree);
    for (const name of ['a', 'b', 'c']) writeFileSync(join(tree, name), name);
    const sync = async (...words: readonly string[]): ReturnType<typeof move> =>
      await move('sync', ...words, `${tree}/`, `${one.name}:/srv/both`);
    expect(await sync('--both')).toMatchObject({ code: 0, result: { files: 3 } });
    expect(await sync('--both')).toMatchObject({ code: 0, result: { files: 0, bytes: 0, unchanged: 4 } });
    writeFileSync(join(tree, 'a'), 'mine, longer');
    writeFileSync(join(tree, 'new here'), 'h');
    await one.run('cd /srv/both; echo theirs >b; echo theirs too >a; echo new >"new there"');
    const clash = await sync('--both');
    expect(clash.code).toBe(1);
    expect(clash.result.conflicts).toMatchObject([{ path: 'a' }]);
    expect(readFileSync(join(tree, 'b'), 'utf8')).toBe('theirs\n');
    expect(readFileSync(join(tree, 'a'), 'utf8')).toBe('mine, longer');
    expect((await one.run('cat /srv/both/a "/srv/both/new here"')).stdout).toBe('theirs too\nh');
    await one.run('echo extra >/srv/both/extra');
    const plan = await sync('--delete', '--dry-run');
    expect(plan.result.plan?.[0]).toMatchObject({ action: 'delete' });
    expect((await one.run('ls /srv/both')).stdout).toContain('extra');
    expect(await sync('--delete', '--yes')).toMatchObject({ code: 0, result: { deleted: 1 } });
    expect((await one.run('ls /srv/both')).stdout).not.toContain('extra');
    for (const name of readdirSync(tree)) rmSync(join(tree, name));
    const empty = await sync('--delete', '--yes');
    expect(empty.code).not.toBe(0);
    expect(empty.text).toContain('transfer.empty-source');
    expect((await one.run('ls /srv/both | wc -l')).stdout.trim()).toBe('5');
  });

  it('are listed with types and odd names (Q08)', async () => {
    await one.run(
      String.raw`mkdir -p /srv/list/sub; cd /srv/list; touch "$(printf 'new\nline')"; mkfifo pipe; ln -s x link; chmod 640 "$(printf 'new\nline')"`,
    );
    const { stdout } = await deckhand('ls', '--json', `${one.name}:/srv/list`);
    const text = JSON.stringify(JSON.parse(stdout));
    expect(text).toContain(
      String.raw`"name":"new\nline","type":"file","size":0,"mode":"0640","owner":"root","group":"root"`,
    );
    for (const type of ['fifo', 'symlink', 'directory']) expect(text).toContain(`"type":"${type}"`);
  });

  it('go from host to host with no credentials on either (Q12)', async () => {
    await one.run(
      'mkdir -p /srv/from/sub; head -c 20000000 /dev/urandom >/srv/from/sub/big; echo small >/srv/from/small',
    );
    expect((await deckhand('cp', `${one.name}:/srv/from`, `${other.name}:/srv/copied`)).code).toBe(0);
    expect(await hashThere(other, '/srv/copied/sub/big')).toBe(await hashThere(one, '/srv/from/sub/big'));
    expect((await other.run('ls -A /root/.ssh; ls -A /srv')).stdout.trim().split('\n')).toEqual([
      'authorized_keys',
      'copied',
    ]);
  });
});

describe('what goes wrong', () => {
  it('a full disk is named, and nothing half-written is left (R04)', async () => {
    await other.run('mkdir -p /srv/small; mount -t tmpfs -o size=8m none /srv/small');
    const file = bigFile('too-big', 20_000_000);
    const big = await move('put', file, `${other.name}:/srv/small/file`);
    expect(big.text).toContain('host.disk-full');
    const tree = join(folder, 'too-many');
    mkdirSync(tree);
    for (let number = 0; number < 20; number += 1)
      writeFileSync(join(tree, `${number}`), Buffer.alloc(1_000_000, 'x'));
    const many = await move('put', '-r', `${tree}/`, `${other.name}:/srv/small/tree`);
    expect(many.text).toContain('host.disk-full');
    expect((await other.run('ls -A /srv/small')).stdout).toBe('');
  });

  it('a cancel leaves nothing half-written, of a put and of a get', async () => {
    const file = bigFile('slow', 60_000_000);
    await other.run('head -c 60000000 /dev/urandom >/srv/slow');
    await other.net('rate', CRAWL);
    const ids = await Promise.all([
      detached('put', file, `${other.name}:/root/cancelled`),
      detached('get', `${other.name}:/srv/slow`, join(folder, 'cancelled')),
    ]);
    await each(ids, isUnderWay);
    await Promise.all(ids.map(async id => await runDeckhand(['task', 'cancel', id], { folder })));
    for (const id of ids) expect(await until(id, isOver)).toMatchObject({ state: 'cancelled' });
    await other.net('ok');
    expect(await leftovers(other)).toBe('');
    expect(readdirSync(folder).filter(name => name.startsWith('.deckhand') || name === 'cancelled')).toEqual(
      [],
    );
    expect((await other.run('ls /root')).stdout).toBe('');
  });

  it('a killed daemon goes on where it was, and so does a cut link, with a put and a get', async () => {
    const file = bigFile('resumed', 80_000_000);
    await other.run('head -c 80000000 /dev/urandom >/srv/source');
    const target = join(folder, 'resumed-get');
    await other.net('rate', CRAWL);
    const slow = ['--limit-rate', '8MiB'];
    const ids = await Promise.all([
      detached('put', ...slow, file, `${other.name}:/srv/resumed`),
      detached('get', ...slow, `${other.name}:/srv/source`, target),
    ]);
    const before = await each(ids, isUnderWay);
    const { stdout } = await runDeckhand(['daemon', 'status', '--json'], { folder });
    process.kill((JSON.parse(stdout) as { pid: number }).pid, 'SIGKILL');
    await Promise.all(
      ids.map(async (id, index) => {
        const { claim: last, progress: had } = before[index] as Shown;
        await until(id, ({ claim, progress }) => claim > last && (progress?.done ?? 0) > (had?.done ?? 0));
      }),
    );
    await other.net('blackhole');
    await each(ids, ({ state }) => state === 'delayed');
    await other.net('ok');
    for (const shown of await each(ids, isOver)) expect(shown).toMatchObject({ state: 'succeeded' });
    expect(await hashThere(other, '/srv/resumed')).toBe(await hashOf(file));
    expect(await hashThere(other, '/srv/source')).toBe(await hashOf(target));
    expect(await leftovers(other)).toBe('');
    expect(readdirSync(folder).filter(name => name.startsWith('.deckhand'))).toEqual([]);
    // less than twice the file has travelled
    for (const id of ids) expect((await show(id)).result?.bytes).toBeLessThan(75_000_000);
  });

  it('a host without the programs for extended attributes is named before anything is moved', async () => {
    const file = bigFile('with-attributes', 100);
    const put = await move('put', '--xattrs', file, `${tiny.name}:/root/with-attributes`);
    expect(put.code).toBe(1);
    expect(put.text).toContain('host.unsupported');
    expect((await tiny.run('ls -A /root/with-attributes')).code).not.toBe(0);
  });

  it('a large file takes one connection of the system client besides, a small one none', async () => {
    const host = await resolveHost(one.name, { signal, configFile });
    await using connection = await connect(host);
    const opened: SshConnection[] = [];
    const bulkConnection = async (): Promise<LentConnection> => {
      const bulk = await opensshEngine.connect(host, { signal, hostKeys: never });
      opened.push(bulk);
      return lentOnce(bulk);
    };
    const base = { ...plainTransfer(), connection, bulkConnection, signal, recursive: false, baseFolder: '' };
    const size = 80 * 1024 * 1024;
    for (const [name, bytes] of [
      ['small', 8 * 1024 * 1024],
      ['large', size],
    ] as const) {
      const local = bigFile(`bulk-${name}`, bytes);
      const remote = `/srv/bulk-${name}`;
      const there = await transfer({ ...base, id: `${name}-up`, local, remote, direction: 'push' });
      expect(there.result).toMatchObject({ files: 1, bytes, verified: 1 });
      expect(await hashThere(one, remote)).toBe(await hashOf(local));
      rmSync(local);
      const back = await transfer({ ...base, id: `${name}-down`, local, remote, direction: 'pull' });
      expect(back.result).toMatchObject({ files: 1, bytes, verified: 1 });
      expect(opened.length).toBe(name === 'small' ? 0 : 2);
    }
    // closed with the transfer, not lost
    expect(await Promise.all(opened.map(async bulk => await bulk.closed))).toEqual([undefined, undefined]);
    const none = { ...base, id: 'none', bulkConnection: () => Promise.resolve(null) };
    const local = bigFile('bulk-none', size);
    const { result } = await transfer({ ...none, local, remote: '/srv/bulk-none', direction: 'push' });
    expect(result).toMatchObject({ files: 1, bytes: size, verified: 1 });
    await one.run('rm -f /srv/bulk-*');
  });

  it('a source that changes while it is read is never torn', async () => {
    const file = bigFile('growing', 40_000_000);
    const resolved = await resolveHost(other.name, { signal, configFile });
    await using connection = await connect({ ...resolved, agent: null });
    let changes = 0;
    const { result, error } = await transfer({
      ...plainTransfer(),
      connection,
      signal,
      id: 'growing',
      local: file,
      remote: '/srv/growing',
      direction: 'push',
      recursive: false,
      baseFolder: '',
      // some of it has arrived, and most of it was not read
      onProgress: done => {
        if (done === 0 || done > 20_000_000 || changes > 0) return;
        changes += 1;
        appendFileSync(file, 'more');
      },
    });
    expect({ changes, error, ...result }).toMatchObject({ changes: 1, error: undefined, verified: 1 });
    expect(await hashThere(other, '/srv/growing')).toBe(await hashOf(file));
  });
});
