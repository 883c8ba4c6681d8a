import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { Forward, TunnelChange } from '../../src/core/tunnel.ts';
import { createAutomaticEngine } from '../../src/ssh/choose-engine.ts';
import { opensshEngine } from '../../src/ssh/openssh/openssh-engine.ts';
import { resolveHost } from '../../src/ssh/resolve-host.ts';
import { ssh2Engine } from '../../src/ssh/ssh2-engine.ts';
import { KEEP_ALIVE, Tunnel, type TunnelOptions } from '../../src/tunnels/tunnel.ts';
import { type LabFleet, labFleet, onHost } from '../faults/lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';
import { ask, installSite, SITE_PORT, SITE_SOCKET, underLoad } from './tunnel-site.ts';

/** Tunnels on a booted host with a real server, through the five faults that lose others' requests. */
let folder: string;
let fleet: LabFleet;
let host: LabHost;
const { signal } = new AbortController();
/** As the daemon takes them: the client of the system for what leads there, `ssh2` for what leads back. */
const usual = createAutomaticEngine({ ssh2: ssh2Engine, openssh: opensshEngine });
const HERE = { host: '127.0.0.1', port: 0 };
const SITE = { host: '127.0.0.1', port: SITE_PORT };
const toSite: Forward = { kind: 'local', listen: HERE, target: SITE };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dh-tunnels-'));
  fleet = await labFleet([20], folder);
  [host] = fleet.hosts as [LabHost];
  await installSite(host);
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function open(
  forward: Forward,
  options: Partial<TunnelOptions> & { readonly engine?: typeof ssh2Engine } = {},
): Promise<Tunnel & { readonly changes: readonly TunnelChange[] }> {
  const { engine = usual, ...rest } = options;
  const { sshConfigFile = '' } = fleet.surroundings;
  const resolved = await resolveHost(host.name, { signal, configFile: sshConfigFile });
  const changes: TunnelChange[] = [];
  const tunnel = await Tunnel.open({
    host: host.name,
    forward,
    connect: async how =>
      await engine.connect(resolved, {
        ...how,
        keepAliveInterval: KEEP_ALIVE,
        forForwards: forward.kind !== 'remote',
        hostKeys: { acceptUnknown: () => Promise.resolve(false) },
      }),
    clock: systemClock,
    random: Math.random,
    onChange: change => changes.push(change),
    // none is to be lost, however long a busy machine takes; how long it takes on a quiet one is measured (P14)
    hold: 120_000,
    ...rest,
  });
  await tunnel.ready(150_000, signal).catch(async (error: unknown) => {
    await tunnel.close();
    throw error;
  });
  return Object.assign(tunnel, { changes });
}

function portOf({ listening }: Tunnel): number {
  return listening && 'port' in listening ? listening.port : 0;
}
function heldBy(tunnel: Tunnel): number {
  return tunnel.status().statistics.heldEver;
}
/** Milliseconds from a moment to the link's next change to this state. */
function until(changes: readonly TunnelChange[], since: number, state: string): number {
  const change = changes.find(one => one.what === 'link' && one.state === state && one.time >= since);
  return (change?.time ?? Number.POSITIVE_INFINITY) - since;
}
const show = (name: string, figures: object): void => console.info(`${name}: ${JSON.stringify(figures)}`);

describe('T11: requests during a fault, one each 100 ms', () => {
  it('loses none when the session is killed', async () => {
    await using tunnel = await open(toSite);
    const load = await underLoad(portOf(tunnel), async struck => {
      // at once: a session that is told to end could still take a request, which then is begun
      await host.run("pkill -KILL -f 'sshd-session: [r]oot' || pkill -KILL -f 'sshd: [r]oot@'");
      struck();
      await tunnel.ready(150_000, signal);
    });
    const { reconnects } = tunnel.status().statistics;
    show('session killed', { ...load, reconnects });
    expect(reconnects).toBe(1);
    expect(load.lost).toBe(0);
  });

  it('waits out a hole of three seconds, and loses none in one of eight; the port is the same', async () => {
    await using tunnel = await open(toSite);
    const port = portOf(tunnel);
    const short = await underLoad(port, async struck => await hole(3_000, struck));
    show('blackhole 3 s', { ...short, reconnects: tunnel.status().statistics.reconnects });
    expect(short.lost).toBe(0);
    const began = Date.now();
    let back = began;
    const long = await underLoad(port, async struck => {
      await host.net('blackhole');
      struck();
      // so long that it is noticed
      await Promise.all([pause(8_000), expect.poll(() => heldBy(tunnel)).toBeGreaterThan(0)]);
      await host.net('ok');
      back = Date.now();
    });
    const detected = until(tunnel.changes, began, 'down') - 500;
    show('blackhole 8 s', { ...long, detected, served: until(tunnel.changes, began, 'up') - (back - began) });
    expect(long.lost).toBe(0);
    expect(portOf(tunnel)).toBe(port);
  });

  it('says why, in HTTP, once the hold is over', async () => {
    await using tunnel = await open(toSite, { hold: 1_000 });
    await host.net('blackhole');
    while (tunnel.link === 'up') await pause(50);
    const answer = await ask(portOf(tunnel));
    await host.net('ok');
    expect(answer.status).toBe(503);
    expect(answer.retryAfter).toBe('5');
    expect(JSON.parse(answer.body)).toMatchObject({ error: { type: 'tunnel_down', code: 503 } });
    await tunnel.ready(150_000, signal);
    expect((await ask(portOf(tunnel))).body).toBe('the page');
  });

  it('loses none that waits when the host loses its power and boots, none when sshd restarts', async () => {
    await using tunnel = await open(toSite);
    const load = await underLoad(portOf(tunnel), async struck => {
      await host.stop();
      struck();
      await host.start();
      await tunnel.ready(150_000, signal);
    });
    show('power loss', { ...load, reconnects: tunnel.status().statistics.reconnects });
    expect(load.lost).toBe(0);
    const restart = await underLoad(portOf(tunnel), async () => {
      await onHost(host, 'systemctl restart ssh');
    });
    show('sshd restarted', restart);
    expect(restart.lost).toBe(0);
  });
});

async function hole(milliseconds: number, struck: () => void): Promise<void> {
  await host.net('blackhole');
  struck();
  await pause(milliseconds);
  await host.net('ok');
}

describe('kinds of forwards', () => {
  for (const engine of [ssh2Engine, opensshEngine]) {
    it(`${engine.name}: unix sockets on both ends, and SOCKS by name`, async () => {
      const listen = { path: join(folder, `${engine.name}.sock`) };
      await using tunnel = await open({ kind: 'local', listen, target: { path: SITE_SOCKET } }, { engine });
      const client = connect(listen);
      // the server closes; whoever closes first is not waited for long
      client.write('GET / HTTP/1.0\r\n\r\n');
      const pieces: Buffer[] = [];
      for await (const piece of client) pieces.push(piece as Buffer);
      expect(String(Buffer.concat(pieces))).toMatch(/the page$/);
      await tunnel.close();
      expect(existsSync(listen.path)).toBe(false);
      await using proxy = await open({ kind: 'dynamic', listen: HERE }, { engine });
      const socks = connect(portOf(proxy), '127.0.0.1');
      const name = Buffer.from('localhost');
      socks.write(
        Buffer.concat([
          Buffer.from([5, 1, 0, 5, 1, 0, 3, name.length]),
          name,
          Buffer.from([SITE_PORT >> 8, SITE_PORT & 255]),
        ]),
      );
      socks.write('GET / HTTP/1.0\r\n\r\n');
      const answer: Buffer[] = [];
      for await (const piece of socks) answer.push(piece as Buffer);
      expect(String(Buffer.concat(answer))).toMatch(/the page$/);
    });

    it(`${engine.name}: remote, by port and by socket, gone from the host when closed (T15)`, async () => {
      const local = createServer((_, response) => response.end('from here')).listen(0, '127.0.0.1');
      await once(local, 'listening');
      const target = { host: '127.0.0.1', port: (local.address() as AddressInfo).port };
      const tunnel = await open({ kind: 'remote', listen: HERE, target }, { engine });
      const port = portOf(tunnel);
      expect(await onHost(host, `curl -sf 127.0.0.1:${port}`)).toBe('from here');
      await tunnel.close();
      const path = `/run/${engine.name}.sock`;
      const socket = await open({ kind: 'remote', listen: { path }, target }, { engine });
      expect(await onHost(host, `curl -sf --unix-socket ${path} http://x/`)).toBe('from here');
      await socket.close();
      await expect
        .poll(async () => await onHost(host, `[ -e ${path} ] && echo left; curl -s 127.0.0.1:${port}; true`))
        .toBe('');
      local.close();
    });
  }

  it('names a server that forbids forwarding, in both directions', async () => {
    await host.mod('sshd', 'AllowTcpForwarding no');
    await using tunnel = await open(toSite, { health: { interval: 0 } });
    const answer = await ask(portOf(tunnel));
    expect(JSON.parse(answer.body)).toMatchObject({ error: { type: 'tunnel_forward_denied' } });
    await expect(open({ kind: 'remote', listen: HERE, target: SITE })).rejects.toMatchObject({
      code: 'tunnel.listen-refused',
    });
    await host.mod('sshd', 'AllowTcpForwarding yes');
  });
});
