import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { worstOf } from '../../src/fleet/doctor.ts';
import { examineHost } from '../../src/fleet/doctor-host.ts';
import { collectFacts } from '../../src/fleet/facts.ts';
import { openFactsCache } from '../../src/fleet/facts-cache.ts';
import { loadInventory, type Inventory } from '../../src/fleet/inventory.ts';
import { inventoryResolver } from '../../src/fleet/resolve.ts';
import { selectHosts } from '../../src/fleet/selectors.ts';
import { mergeSettings } from '../../src/settings/merge.ts';
import type { SshConnection } from '../../src/ssh/connection.ts';
import { ssh2Engine } from '../../src/ssh/ssh2-engine.ts';
import { bootHost, labAvailable, labSshConfig, type LabHost } from '../lab/lab.ts';

const available = labAvailable();
const signal = new AbortController().signal;
let folder: string;
let inventory: Inventory;
const hosts: LabHost[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deckhand-fleet-e2e-'));
  if (available.booted) {
    hosts.push(await bootHost(31), await bootHost(39, { kind: 'busybox' }));
  }
  if (available.plain) hosts.push(await bootHost(31, { kind: 'plain' }));
  const config = await labSshConfig(hosts, folder);
  inventory = await loadInventory(mergeSettings([], {}), folder, config);
});
afterAll(async () => {
  for (const host of hosts) await host.down();
  await rm(folder, { recursive: true, force: true });
});

/** A connection through the inventory that counts its commands; `term` may be `user@name`. */
async function connectTo(term: string): Promise<{ connection: SshConnection; executions: () => number }> {
  const [host] = selectHosts(inventory, term);
  const resolve = inventoryResolver(() => inventory, {
    configFile: join(folder, 'ssh_config'),
    home: folder,
  });
  const connection = await ssh2Engine.connect(await resolve(host?.name ?? '', signal), {
    signal,
    hostKeys: { acceptUnknown: () => Promise.resolve(false) },
    resolve,
  });
  const original = connection.execute.bind(connection);
  let count = 0;
  connection.execute = (command, options) => {
    count += 1;
    return original(command, options);
  };
  return { connection, executions: () => count };
}

function hostCalled(name: string): LabHost {
  const host = hosts.find(known => known.name === name);
  if (!host) throw new Error(`no ${name}`);
  return host;
}

const KINDS = [
  { name: 'lab-31', needs: available.booted },
  { name: 'lab-39', needs: available.booted },
  { name: 'lab-p31', needs: available.plain },
];

describe.each(KINDS)('facts of $name', ({ name, needs }) => {
  it.skipIf(!needs)('come with one command and equal what is seen from outside', async () => {
    const lab = hostCalled(name);
    const said = async (command: string): Promise<string> => (await lab.run(command)).stdout.trim();
    const { connection, executions } = await connectTo(name);
    await using _closing = connection;
    const facts = await collectFacts(connection, signal, systemClock);
    expect(executions()).toBe(1);
    expect(facts.os.kernel).toBe(await said('uname -r'));
    expect(facts.os.architecture).toBe(await said('uname -m'));
    expect(facts.hostname).toBe(await said('uname -n'));
    expect(facts.processor.count).toBe(Number(await said('getconf _NPROCESSORS_ONLN || nproc')));
    expect(facts.memory?.total).toBe(
      1024 * Number(await said("sed -n 's/MemTotal: *\\([0-9]*\\).*/\\1/p' /proc/meminfo")),
    );
    expect(facts.account).toMatchObject({ user: lab.user, userId: Number(await said('id -u')) });
    expect(facts.bootId).toBe(await said('cat /proc/sys/kernel/random/boot_id'));
    expect(facts.listeners.map(listener => listener.port)).toContain(lab.port);
    expect(facts.disks.find(disk => disk.mount === '/')?.total).toBe(
      1024 * Number((await said('df -P -k / | tail -n 1')).split(/\s+/)[1]),
    );
    // the same clock, however long the asking took
    expect(facts.clockSkew).toBe(0);
  });
});

describe.skipIf(!available.booted)('a booted host', () => {
  it('is a Debian with systemd, apt and python', async () => {
    const { connection } = await connectTo('lab-31');
    await using _closing = connection;
    const facts = await collectFacts(connection, signal, systemClock);
    expect(facts.os).toMatchObject({ id: 'debian', family: 'debian', version: '13', kernelName: 'Linux' });
    expect(facts).toMatchObject({ init: 'systemd', packageManager: 'apt', sudo: 'root' });
    expect(facts.python).toMatch(/^3\./);
    expect(facts.virtualization).toEqual({ kind: 'container', name: 'systemd-nspawn' });
    expect(facts.state).toMatchObject({ path: '/root/.local/state/deckhand', writable: true });
  });

  it.each([
    ['deploy', 'passwordless'],
    ['ops', 'password-or-none'],
    ['guest', 'password-or-none'],
    ['noisy', 'password-or-none'],
  ])('tells what sudo gives %s, through whatever its start files print', async (user, sudo) => {
    const { connection, executions } = await connectTo(`${user}@lab-31`);
    await using _closing = connection;
    const facts = await collectFacts(connection, signal, systemClock);
    expect(facts.account.user).toBe(user);
    expect(facts.sudo).toBe(sudo);
    expect(executions()).toBe(1);
  });

  it('refuses an account without a shell with a typed error', async () => {
    const { connection } = await connectTo('nologin@lab-31');
    await using _closing = connection;
    await expect(collectFacts(connection, signal, systemClock)).rejects.toMatchObject({
      code: 'ssh.no-shell',
    });
  });

  it('gives facts to the cache under its host key', async () => {
    const { connection } = await connectTo('lab-31');
    await using _closing = connection;
    const facts = await collectFacts(connection, signal, systemClock);
    const cache = openFactsCache(folder, systemClock);
    await cache.write('lab-31', connection.hostKey.fingerprint, facts);
    const fingerprint = hostCalled('lab-31').hostKeyFingerprint;
    expect((await cache.read('lab-31', { maxAge: 60_000, fingerprint }))?.facts).toEqual(facts);
  });

  it('passes the doctor; changed keys, closed ports and full disks do not', async () => {
    const lab = hostCalled('lab-31');
    const examine = () =>
      examineHost(async () => (await connectTo('lab-31')).connection, signal, systemClock);
    const findings = await examine();
    expect(worstOf(findings), JSON.stringify(findings)).toBe('ok');
    await lab.run('mkdir -p /root/.local/state && mount -t tmpfs -o size=50m small /root/.local/state');
    expect((await examine()).filter(finding => finding.status === 'fail').map(finding => finding.id)).toEqual(
      ['host.state'],
    );
    await lab.reset();
    await lab.rekey();
    expect((await examine()).at(-1)).toMatchObject({ id: 'host.host-key', status: 'fail' });
    await lab.net('reject');
    expect((await examine()).at(-1)).toMatchObject({ id: 'host.reach', status: 'fail' });
    await lab.net('ok');
  });
});

describe.skipIf(!available.booted)('a busybox host', () => {
  it('is known as far as it can tell', async () => {
    const { connection } = await connectTo('lab-39');
    await using _closing = connection;
    const facts = await collectFacts(connection, signal, systemClock);
    expect(facts).toMatchObject({ packageManager: null, python: null, sudo: 'root', gpus: [] });
    expect(facts.os.family).toBe('unknown');
    expect(facts.init).not.toBe('systemd');
    expect(facts.listeners.map(listener => listener.address)).toEqual(['0.0.0.0', '::']);
  });
});

describe('the inventory', () => {
  it('lists the hosts of the ssh configuration and leaves the file alone', async () => {
    const before = await readFile(join(folder, 'ssh_config'), 'utf8');
    expect(selectHosts(inventory, 'lab-*').map(host => host.name)).toEqual(
      hosts.map(host => host.name).sort(),
    );
    expect(await readFile(join(folder, 'ssh_config'), 'utf8')).toBe(before);
  });
});
