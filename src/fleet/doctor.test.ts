import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { SshConnection } from '../ssh/connection.ts';
import { worstOf } from './doctor.ts';
import { connectFindings, examineHost, judgeFacts } from './doctor-host.ts';
import { examineLocal, nodeFinding } from './doctor-local.ts';
import { openFactsCache } from './facts-cache.ts';
import type { Facts } from './facts-schema.ts';

const facts: Facts = {
  version: 1,
  collectedAt: 1000,
  os: {
    id: 'debian',
    family: 'debian',
    version: '13',
    prettyName: 'Debian 13',
    kernelName: 'Linux',
    kernel: '6',
    architecture: 'x86_64',
  },
  hostname: 'h',
  account: { user: 'ops', userId: 1000, group: 'ops', home: '/home/ops' },
  processor: { count: 2, model: null },
  memory: null,
  disks: [],
  state: { path: '/home/ops/.local/state/deckhand', writable: true, available: 1e9 },
  init: 'systemd',
  packageManager: 'apt',
  sudo: 'passwordless',
  python: null,
  gpus: [],
  listeners: [],
  virtualization: { kind: 'none', name: null },
  uptime: null,
  bootId: null,
  timeZone: null,
  clockSkew: 100,
};
const signal = new AbortController().signal;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deckhand-doctor-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('judgeFacts', () => {
  it('finds nothing wrong with a good host', () => {
    expect(worstOf(judgeFacts(facts))).toBe('ok');
  });
  it.each<[string, string, Partial<Facts>]>([
    ['host.sudo', 'warn', { sudo: 'absent' }],
    ['host.sudo', 'warn', { sudo: 'password-or-none' }],
    ['host.state', 'fail', { state: { ...facts.state, available: 100 * 1024 * 1024 } }],
    ['host.state', 'fail', { state: { ...facts.state, writable: false } }],
    ['host.state', 'warn', { state: { ...facts.state, available: null } }],
    ['host.clock', 'warn', { clockSkew: -6000 }],
    ['host.clock', 'fail', { clockSkew: 400_000 }],
    ['host.packages', 'warn', { packageManager: null }],
    ['host.services', 'warn', { init: 'none' }],
    ['host.system', 'warn', { os: { ...facts.os, family: 'unknown' } }],
  ])('%s is %s for case %#', (id, status, change) => {
    const bad = judgeFacts({ ...facts, ...change }).filter(finding => finding.status !== 'ok');
    expect(bad).toEqual([expect.objectContaining({ id, status, fix: expect.stringMatching(/./) })]);
  });
});

describe('connection stages', () => {
  it('says which stage failed and which went well before', () => {
    const findings = connectFindings(new DeckhandError('ssh.host-key-changed', 'Another key.'));
    expect(findings.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'host.resolve ok',
      'host.reach ok',
      'host.handshake ok',
      'host.host-key fail',
    ]);
    expect(findings.at(-1)?.fix).toContain('ssh-keygen -R');
  });

  it('closes the connection of a host without a shell', async () => {
    let closed = 0;
    const connection = {
      host: { name: 'h' },
      execute: () =>
        Promise.resolve({ stdout: Buffer.from('no'), stderr: Buffer.of(), stdoutBytes: 2, stderrBytes: 0 }),
      [Symbol.asyncDispose]: () => Promise.resolve(void (closed += 1)),
    } as unknown as SshConnection;
    const clock: Clock = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };
    const findings = await examineHost(() => Promise.resolve(connection), signal, clock);
    expect(findings.at(-1)).toMatchObject({ id: 'host.shell', status: 'fail' });
    expect(closed).toBe(1);
  });
});

describe('examineLocal', () => {
  const statusOf = async (home: string): Promise<Record<string, string>> => {
    const state = join(folder, 'state');
    const findings = await examineLocal({ home, state, nodeVersion: '24.1.0' }, signal);
    return Object.fromEntries(findings.map(finding => [finding.id, finding.status]));
  };

  it('makes the state folder private and counts keys', async () => {
    await mkdir(join(folder, '.ssh'));
    await writeFile(join(folder, '.ssh/known_hosts'), '# c\na ssh-ed25519 AAAA\n\n');
    await writeFile(join(folder, '.ssh/config'), 'Host a\n', { mode: 0o600 });
    const findings = await statusOf(folder);
    expect(findings).toMatchObject({
      'local.node': 'ok',
      'local.ssh-config': 'ok',
      'local.known-hosts': 'ok',
      'local.state': 'ok',
    });
    expect((await stat(join(folder, 'state'))).mode & 0o777).toBe(0o700);
  });

  it('warns of what is missing and open', async () => {
    await mkdir(join(folder, '.ssh'));
    await writeFile(join(folder, '.ssh/config'), 'Host a\n');
    await chmod(join(folder, '.ssh/config'), 0o666);
    await mkdir(join(folder, 'state'));
    await chmod(join(folder, 'state'), 0o755);
    const findings = await statusOf(folder);
    expect(findings).toMatchObject({
      'local.ssh-config': 'fail',
      'local.known-hosts': 'warn',
      'local.state': 'fail',
    });
    expect(nodeFinding('22.9.0').status).toBe('fail');
  });
});

describe('facts cache', () => {
  let now = 1000;
  const clock: Clock = { now: () => now, monotonic: () => 0, sleep: () => Promise.resolve() };

  it('gives back facts with their age, until they are too old or the key is another', async () => {
    now = 1000;
    const cache = openFactsCache(folder, clock);
    expect(await cache.read('web-1', { maxAge: 5000 })).toBeNull();
    await cache.write('web-1', 'SHA256:a', facts);
    now = 4000;
    const found = await cache.read('web-1', { maxAge: 5000, fingerprint: 'SHA256:a' });
    expect(found).toEqual({ facts, fingerprint: 'SHA256:a', age: 3000 });
    expect(await cache.read('web-1', { maxAge: 2999 })).toBeNull();
    expect(await cache.read('web-1', { maxAge: 5000, fingerprint: 'SHA256:b' })).toBeNull();
    now = 500;
    expect(await cache.read('web-1', { maxAge: 5000 })).toBeNull();
  });

  it('writes private files whose names cannot leave the folder', async () => {
    const cache = openFactsCache(folder, clock);
    await Promise.all(
      ['../../x', 'ops@[::1]:22', '../../x'].map(host => cache.write(host, 'SHA256:a', facts)),
    );
    const files = await readdir(join(folder, 'facts'));
    expect(files).toHaveLength(2);
    for (const file of files) expect((await stat(join(folder, 'facts', file))).mode & 0o777).toBe(0o600);
    now = 1000;
    await cache.forget('../../x');
    expect(await cache.read('../../x', { maxAge: 5000 })).toBeNull();
  });

  it('takes a damaged file for none', async () => {
    const cache = openFactsCache(folder, clock);
    await cache.write('web-1', 'SHA256:a', facts);
    const [file = ''] = await readdir(join(folder, 'facts'));
    await writeFile(join(folder, 'facts', file), '{"host":"web-1"');
    expect(await cache.read('web-1', { maxAge: 5000 })).toBeNull();
  });
});
