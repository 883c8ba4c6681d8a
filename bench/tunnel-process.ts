/** A tunnel in a process of its own, as the daemon has them: its port as the first line, then every change of its link. */
import { systemClock } from '../src/core/clock.ts';
import { resolveHost } from '../src/ssh/resolve-host.ts';
import { createAutomaticEngine } from '../src/ssh/choose-engine.ts';
import { opensshEngine } from '../src/ssh/openssh/openssh-engine.ts';
import { ssh2Engine } from '../src/ssh/ssh2-engine.ts';
import { KEEP_ALIVE, Tunnel } from '../src/tunnels/tunnel.ts';

const [configFile = '', name = '', port = ''] = process.argv.slice(2);
const { signal } = new AbortController();
const host = await resolveHost(name, { signal, configFile });
const engine = createAutomaticEngine({ ssh2: ssh2Engine, openssh: opensshEngine });
const tunnel = await Tunnel.open({
  host: name,
  forward: {
    kind: 'local',
    listen: { host: '127.0.0.1', port: 0 },
    target: { host: '127.0.0.1', port: Number(port) },
  },
  connect: async options =>
    await engine.connect(host, {
      ...options,
      forForwards: true,
      keepAliveInterval: KEEP_ALIVE,
      hostKeys: { acceptUnknown: () => Promise.resolve(false) },
    }),
  clock: systemClock,
  random: Math.random,
  health: { interval: 0 },
  onChange: ({ what, state, time }) => {
    if (what === 'link') console.log(`${state} ${time}`);
  },
});
await tunnel.ready(30_000, signal);
const { listening } = tunnel;
console.log(`port ${listening && 'port' in listening ? listening.port : 0}`);
const leave = (): void => void tunnel.close().then(() => process.exit(0));
process.on('disconnect', leave);
process.on('SIGTERM', leave);
