import { BenchDaemon, execOnAll } from './bench-daemon.ts';
import { FanOutGroup } from './fan-out-group.ts';
import { installedPeers, openMasters, type Peers } from './fan-out-peers.ts';
import { MANY_BENCH_HOSTS, openLab } from './lab-link.ts';
import { openLightLab } from './light-lab.ts';
import type { Comparison, Question, RunOptions } from './question.ts';

/**
 * 200 light hosts keep two processors busy for half a minute in each round without connections, and ansible for as long
 * as all others together: without connections it is asked of the booted ones only.
 */
const TURNS = {
  booted: { budget: 20_000, ansible: { cold: 2, warm: 3 } },
  light: { budget: 60_000, ansible: { cold: 0, warm: 1 } },
};

export const question: Question = {
  id: 'P04',
  title: '`true` on many hosts, without connections and over open ones: whole processes',
  verified:
    'each program said of every host that the command ran there with exit code 0; host keys were checked.',
  peers: ['parallel-ssh --version', 'clush --version', 'ansible --version', 'ssh -V'],
  async *run(options) {
    const peers = await installedPeers(options.say);
    if (!peers.pssh && !peers.clush)
      throw new Error('P04 needs pssh or clush: apt-get install pssh clustershell');
    yield* onBooted(peers, options);
    yield* onLight(peers, options);
  },
};

type Found = AsyncGenerator<Comparison, void, void>;

async function* onBooted(peers: Peers, { quick }: RunOptions): Found {
  await using lab = await openLab(MANY_BENCH_HOSTS.slice(0, quick ? 2 : 20));
  const { configFile: sshConfigFile, folder } = lab;
  const fanOut = { names: lab.hosts.map(({ name }) => name), sshConfigFile, folder };
  const name = `${lab.hosts.length} booted hosts`;
  const group = new FanOutGroup({ name, fanOut, peers, ...TURNS.booted, quick });
  yield* group.cold();
  await using daemon = await BenchDaemon.start({ sshConfigFile });
  await execOnAll(daemon, 'all', lab.hosts.length);
  await using _masters = await openMasters(fanOut);
  yield* group.warm(daemon);
}

async function* onLight(peers: Peers, { quick }: RunOptions): Found {
  await using lab = await openLightLab(quick ? 10 : 200);
  const { fanOut, fleet } = lab;
  const name = `${fanOut.names.length} light hosts`;
  const group = new FanOutGroup({ name, fanOut, peers, ...TURNS.light, quick });
  yield* group.cold(() => fleet.cpuTime());
  await using daemon = await BenchDaemon.start({ sshConfigFile: fanOut.sshConfigFile });
  yield await group.idleConnections(daemon);
  await using _masters = await openMasters(fanOut);
  yield* group.warm(daemon);
}
