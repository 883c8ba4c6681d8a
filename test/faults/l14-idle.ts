import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { resolveHost } from '../../src/ssh/resolve-host.ts';
import { ssh2Engine } from '../../src/ssh/ssh2-engine.ts';
import { KEEP_ALIVE, Tunnel } from '../../src/tunnels/tunnel.ts';
import { ask, installSite, SITE_PORT } from '../e2e/tunnel-site.ts';
import type { LabHost } from '../lab/lab.ts';
import { type Fault, until } from './fault.ts';
import { labFleet } from './lab-fleet.ts';

const SITE = { host: '127.0.0.1', port: SITE_PORT };
const ANSWER_LIMIT = 20_000;

/** A tunnel that nobody uses, behind a router that forgets idle flows, beside an ssh without keep-alive. */
export const fault: Fault = {
  id: 'L14',
  title: 'ten idle minutes behind a router that forgets idle flows',
  async run({ short, folder, say, check }) {
    const idle = short ? 20_000 : 600_000;
    const memory = short ? 8_000 : 60_000;
    await using fleet = await labFleet([120], folder);
    const [host] = fleet.hosts;
    if (!host) throw new Error('no host');
    await installSite(host);
    await using router = await openRouter(host, memory);
    const signal = AbortSignal.timeout(idle + 300_000);
    const resolved = await resolveHost(`${host.user}@127.0.0.1:${router.port}`, {
      signal,
      home: folder,
      overrides: { identityFile: host.keyFile, knownHostsFile: join(folder, 'known') },
    });
    await using tunnel = await Tunnel.open({
      host: host.name,
      forward: { kind: 'local', listen: { host: '127.0.0.1', port: 0 }, target: SITE },
      // its own looks at the target would keep the flow alive by themselves
      health: { interval: 0 },
      connect: async how =>
        await ssh2Engine.connect(
          { ...resolved, agent: null, globalKnownHostsFiles: [] },
          { ...how, keepAliveInterval: KEEP_ALIVE, hostKeys: { acceptUnknown: () => Promise.resolve(true) } },
        ),
      clock: systemClock,
      random: Math.random,
      onChange: () => {},
    });
    await tunnel.ready(60_000, signal);
    const { listening } = tunnel;
    const port = listening && 'port' in listening ? listening.port : 0;
    await using peer = await plainSsh(host, router.port, folder);
    check((await serves(port)) && (await serves(peer.port)), 'both serve at first');
    await systemClock.sleep(idle);
    const ours = await serves(port);
    const theirs = await serves(peer.port);
    const { reconnects } = tunnel.status().statistics;
    say(`idle for ${idle / 1000} s, flows forgotten after ${memory / 1000} s: ${router.forgotten()} were`);
    check(ours, 'the tunnel serves at once');
    check(reconnects === 0, `it never had to connect again (${reconnects})`);
    check(!theirs && router.forgotten() > 0, 'an ssh without keep-alive does not: the router forgets');
  },
};

async function serves(port: number): Promise<boolean> {
  const late = systemClock.sleep(ANSWER_LIMIT).then(() => false);
  return await Promise.race([
    late,
    ask(port)
      .then(({ status }) => status === 200)
      .catch(() => false),
  ]);
}

interface Router extends AsyncDisposable {
  readonly port: number;
  readonly forgotten: () => number;
}

/** Leads to the host; a flow without a byte for `memory` milliseconds is forgotten: what comes later goes nowhere. */
async function openRouter(host: LabHost, memory: number): Promise<Router> {
  let forgotten = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer({ noDelay: true }, near => {
    const far = connect({ host: host.address, port: host.port, noDelay: true });
    let seenAt = performance.now();
    let isForgotten = false;
    const lead = (from: Socket, to: Socket): void => {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => isForgotten || to.destroy());
      from.on('data', (bytes: Buffer) => {
        if (!isForgotten && performance.now() - seenAt > memory) {
          isForgotten = true;
          forgotten += 1;
        }
        if (isForgotten) return;
        seenAt = performance.now();
        to.write(bytes);
      });
    };
    lead(near, far);
    lead(far, near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    forgotten: () => forgotten,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function plainSsh(
  host: LabHost,
  through: number,
  folder: string,
): Promise<AsyncDisposable & { readonly port: number }> {
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  free.close();
  await once(free, 'close');
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=no',
    `UserKnownHostsFile=${join(folder, 'other')}`,
  ];
  const forward = `127.0.0.1:${port}:127.0.0.1:${SITE_PORT}`;
  const place = ['-F', '/dev/null', '-N', '-L', forward, '-i', host.keyFile, '-p', `${through}`];
  const words = [...place, ...options.flatMap(option => ['-o', option]), `${host.user}@127.0.0.1`];
  const child = spawn('ssh', words, { stdio: 'ignore' });
  await until('ssh -L serves', 60_000, async () => ((await serves(port)) ? true : undefined));
  return {
    port,
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
