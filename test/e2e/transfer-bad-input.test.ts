import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DeckhandError, type ErrorRecord } from '../../src/core/deckhand-error.ts';
import type { TransferResult } from '../../src/core/transfer-params.ts';
import type { SshConnection } from '../../src/ssh/connection.ts';
import { resolveHost } from '../../src/ssh/resolve-host.ts';
import { transfer, type TransferRequest } from '../../src/transfer/transfer.ts';
import { plainTransfer } from '../fakes/plain-transfer.ts';
import { bootHost, type LabHost, labSshConfig } from '../lab/lab.ts';
import { deckhand } from './deckhand-command.ts';
import { connect, signal } from './ssh-client.ts';

/** What may be wrong with a source or a target, on a booted host: said by its name, and never half done. */
const NOBODY = 65_534;
const BIG = 5_000_000;

let folder: string;
let here: string;
let configFile: string;
let host: LabHost;
let root: SshConnection;
let guest: SshConnection;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'transfer-bad-'));
  host = await bootHost(145);
  configFile = await labSshConfig([host], folder);
  const resolved = async (user: string): Promise<SshConnection> =>
    await connect(await resolveHost(host.name, { signal, configFile, overrides: { user } }));
  [root, guest] = await Promise.all([resolved('root'), resolved('guest')]);
});
afterAll(async () => {
  await Promise.all([root?.close(), guest?.close()]);
  await host?.down();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  here = join(mkdtempSync(join(folder, 'case-')), 'here');
});
afterEach(async () => {
  await there('rm -rf /srv/there /home/guest/there');
});

async function there(script: string): Promise<string> {
  const { code, stdout, stderr } = await host.run(script);
  if (code !== 0) throw new Error(`${script}: ${stderr}`);
  return stdout;
}

interface Answer {
  readonly error: ErrorRecord | undefined;
  readonly result: TransferResult | undefined;
}
type Wish = Partial<TransferRequest> & Pick<TransferRequest, 'direction'>;

async function answer(connection: SshConnection, wish: Wish): Promise<Answer> {
  const request = { ...plainTransfer(), connection, local: here, remote: '/srv/there' };
  try {
    const { error, result } = await transfer({ ...request, baseFolder: join(folder, 'state'), ...wish });
    return { error: error?.toJSON(), result };
  } catch (error) {
    if (!(error instanceof DeckhandError)) throw error;
    return { error: error.toJSON(), result: undefined };
  }
}
const failed = (result: TransferResult | undefined): readonly string[] =>
  (result?.failures ?? []).map(({ path, error }) => `${path}: ${error.code}`).sort();

describe('a plain account', () => {
  it('fetches what it may read, and is told of each file that it may not', async () => {
    await there(
      `mkdir /srv/there; cd /srv/there; echo o >open; echo c >closed; head -c ${BIG} /dev/zero >big; chmod 600 closed big`,
    );
    const { error, result } = await answer(guest, { direction: 'pull' });
    expect(error).toMatchObject({ code: 'transfer.some-failed' });
    expect(error?.message).toMatch(/2 of 3 files failed/);
    expect(failed(result)).toEqual(['big: transfer.no-permission', 'closed: transfer.no-permission']);
    expect(readdirSync(here)).toEqual(['open']);
  });

  it('fetches nothing, and deletes nothing, of a tree that it cannot look into', async () => {
    await there('mkdir -p /srv/there/closed; cd /srv/there; echo o >open; chmod 700 closed');
    mkdirSync(here);
    writeFileSync(join(here, 'kept'), 'kept');
    const { error } = await answer(guest, { direction: 'pull', deleteExtra: true });
    expect(error).toMatchObject({ code: 'transfer.no-permission' });
    expect(error?.message).toMatch(/closed cannot be looked into/);
    expect(readdirSync(here)).toEqual(['kept']);
  });

  it('brings nothing to where it may not write, and leaves nothing there', async () => {
    mkdirSync(here);
    writeFileSync(join(here, 'file'), 'f');
    writeFileSync(join(here, 'big'), Buffer.alloc(BIG));
    const { error } = await answer(guest, { direction: 'push' });
    expect(error).toMatchObject({ code: 'transfer.no-permission' });
    expect(error?.message).toMatch(/\/srv/);
    expect(await there('ls -A /srv')).toBe('');
  });

  it('changes what it may change of a tree, and is told of the rest', async () => {
    mkdirSync(join(here, 'closed'), { recursive: true });
    for (const name of ['a', 'closed/b', 'c']) writeFileSync(join(here, name), 'new');
    writeFileSync(join(here, 'closed/big'), Buffer.alloc(BIG, 'b'));
    await there(
      'mkdir -p /srv/there/closed; cd /srv/there; for f in a closed/b c; do echo old >$f; done; chown guest . a c',
    );
    const { error, result } = await answer(guest, { direction: 'push' });
    expect(error).toMatchObject({ code: 'transfer.some-failed' });
    expect(failed(result)).toEqual(
      ['closed/b', 'closed/big', 'closed'].map(path => `${path}: transfer.no-permission`),
    );
    expect(await there('cd /srv/there; cat a closed/b c; ls -A . closed')).toBe(
      'newold\nnew.:\na\nc\nclosed\n\nclosed:\nb\n',
    );
  });
});

describe('a plain account here', () => {
  it('brings what it may read, and is told of the rest; fetches nothing to where it may not write', async () => {
    const mine = mkdtempSync(join(tmpdir(), 'transfer-nobody-'));
    try {
      copyFileSync(host.keyFile, join(mine, 'key'));
      copyFileSync(host.knownHostsFile, join(mine, 'known'));
      const config = readFileSync(configFile, 'utf8')
        .replace(/IdentityFile .*/, `IdentityFile ${mine}/key`)
        .replace(/UserKnownHostsFile .*/, `UserKnownHostsFile ${mine}/known`);
      writeFileSync(join(mine, 'config'), config);
      mkdirSync(join(mine, 'tree'));
      for (const name of ['open', 'closed']) writeFileSync(join(mine, 'tree', name), name);
      execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, mine]);
      chownSync(join(mine, 'tree/closed'), 0, 0);
      chmodSync(join(mine, 'tree/closed'), 0o600);
      mkdirSync(join(mine, 'locked'));
      const run = async (...words: readonly string[]): ReturnType<typeof deckhand> =>
        await deckhand([...words], { folder: mine, user: NOBODY });
      const asked = ['--ssh-config', join(mine, 'config'), '--json'];
      const put = await run('put', '-r', ...asked, `${mine}/tree/`, `${host.name}:/srv/there`);
      expect(put.stdout).toContain('transfer.some-failed');
      expect(put.stdout).toMatch(/"path": ?"closed",\s*"error": ?\{\s*"code": ?"transfer.no-permission"/);
      expect(await there('ls -A /srv/there')).toBe('open\n');
      const get = await run('get', '-r', ...asked, `${host.name}:/srv/there`, join(mine, 'locked/x'));
      expect(get.stdout).toContain('transfer.no-permission');
      expect(readdirSync(join(mine, 'locked'))).toEqual([]);
      await run('daemon', 'stop');
    } finally {
      rmSync(mine, { recursive: true, force: true });
    }
  });
});

describe('what is no file', () => {
  const names = ['block', 'character', 'pipe', 'socket'];
  const make =
    'mknod block b 7 250; mknod character c 1 3; mkfifo pipe; echo f >file; python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\'socket\')"';
  const skipped = [
    'block: it is a device',
    'character: it is a device',
    'pipe: it is a fifo',
    'socket: it is a socket',
  ];
  it.each(['push', 'pull'] as const)(
    'is left out by its name, and refused as a source (%s)',
    async direction => {
      await there('mkdir /srv/there');
      mkdirSync(here);
      if (direction === 'push') execFileSync('sh', ['-c', make], { cwd: here });
      else await there(`cd /srv/there; ${make}`);
      const { error, result } = await answer(root, { direction });
      expect(error).toBeUndefined();
      expect(result?.skipped.map(({ path, reason }) => `${path}: ${reason}`).sort()).toEqual(skipped);
      const arrived =
        direction === 'push' ? (await there('ls -A /srv/there')).trim() : readdirSync(here).join();
      expect(arrived).toBe('file');
      for (const name of names) {
        const source = direction === 'push' ? { local: join(here, name) } : { remote: `/srv/there/${name}` };
        const target = direction === 'push' ? { remote: '/srv/there/x' } : { local: join(here, 'x') };
        const alone = await answer(root, { direction, ...source, ...target, intoFolder: true });
        expect(alone.error, name).toMatchObject({ code: 'transfer.unsupported' });
      }
    },
  );
});

describe('paths that are longer than the system allows', () => {
  const deep = Array.from({ length: 22 }, (_, level) => `${level}-`.padEnd(200, 'd'));
  it('in the source: nothing arrives under another name, and it is said', async () => {
    // one folder at a time: no single call could name the last one
    const steps = deep.map(name => `mkdir ${name} && cd -P ${name}`).join(' && ');
    await there(`mkdir /srv/there && cd /srv/there && echo f >file && ${steps} && echo deep >bottom`);
    const { error } = await answer(root, { direction: 'pull' });
    expect(error).toMatchObject({ code: 'transfer.name-too-long' });
    expect(existsSync(here)).toBe(false);
  });

  it('at the target only: arrives by shorter names, and what needs the whole one is said', async () => {
    const names = deep.slice(0, 19);
    const path = join(here, ...names);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'bottom'), 'deep');
    writeFileSync(join(here, 'file'), 'f');
    const remote = `/srv/there/${'e'.repeat(250)}/${'f'.repeat(250)}`;
    expect((await answer(root, { direction: 'push', remote })).error).toBeUndefined();
    const read = `cd ${remote}; cat ${names.join('/')}/bottom file`;
    expect(await there(read)).toBe('deepf');
    writeFileSync(join(path, 'bottom'), 'changed');
    writeFileSync(join(here, 'file'), 'changed');
    const { error, result } = await answer(root, { direction: 'push', remote });
    expect(error).toMatchObject({ code: 'transfer.some-failed' });
    expect(failed(result)).toContain(`${names.join('/')}/bottom: transfer.name-too-long`);
    expect(await there(read)).toBe('deepchanged');
  });
});

describe('a source that is written to', () => {
  it.each(['push', 'pull'] as const)('while it is read is never torn (%s)', async direction => {
    mkdirSync(here);
    await there('mkdir /srv/there');
    const make = `head -c 30000000 /dev/zero >busy; echo s >still`;
    const write = 'while [ -e still ]; do echo x >>busy; done';
    if (direction === 'push') execFileSync('sh', ['-c', make], { cwd: here });
    else
      await there(
        `cd /srv/there; ${make}; (nice -n -15 sh -c '${write}') >/dev/null 2>&1 & echo $! >../writer`,
      );
    const busy = setInterval(() => {
      if (direction === 'push') writeFileSync(join(here, 'busy'), 'y', { flag: 'a' });
    }, 1);
    const { error, result } = await answer(root, { direction });
    clearInterval(busy);
    expect(error).toMatchObject({ code: 'transfer.some-failed' });
    expect(failed(result)).toEqual(['busy: transfer.changed']);
    const arrived = direction === 'push' ? await there('ls -A /srv/there') : `${readdirSync(here).join()}\n`;
    expect(arrived).toBe('still\n');
    // ends what writes there
    if (direction === 'pull')
      await there(
        'cd /srv/there; rm still; read -r id <../writer; while kill -0 $id 2>/dev/null; do :; done; rm ../writer',
      );
  });
});

describe('clocks that differ', () => {
  // no host can have a clock of its own here: what it writes gets the times that it would have
  it.each([-3_600, 86_400])('by %i seconds lose no edit, and none travels twice', async skew => {
    const asked = { direction: 'both', deleteExtra: true } as const;
    const now = Math.floor(Date.now() / 1000);
    const write = (names: readonly string[], text: string, at: number): string =>
      names.map(name => `printf '${text} ${name}' >${name}; touch -d @${at} ${name}`).join('; ');
    mkdirSync(here);
    execFileSync('sh', ['-c', write(['a', 'b', 'c'], 'first', now - 100)], { cwd: here });
    expect((await answer(root, asked)).error).toBeUndefined();
    execFileSync('sh', ['-c', write(['a', 'mine'], 'here!', now)], { cwd: here });
    await there(`cd /srv/there; ${write(['b', 'theirs'], 'there', now + skew)}; rm c`);
    const second = await answer(root, asked);
    expect(second.error).toBeUndefined();
    expect(second.result).toMatchObject({ files: 4, deleted: 1 });
    const texts = 'cd /srv/there; for f in *; do cat $f; echo; done';
    const all = 'here! a\nthere b\nhere! mine\nthere theirs\n';
    expect(await there(texts)).toBe(all);
    expect(
      readdirSync(here)
        .sort()
        .map(name => readFileSync(join(here, name), 'utf8') + '\n')
        .join(''),
    ).toBe(all);
    expect((await answer(root, asked)).result).toMatchObject({ files: 0, bytes: 0, deleted: 0 });
    // one way the source counts, however new the target says it is
    await there(`cd /srv/there; ${write(['a'], 'newer', now + skew)}`);
    expect((await answer(root, { direction: 'push' })).result).toMatchObject({ files: 1 });
    expect(await there('cat /srv/there/a')).toBe('here! a');
  });
});
