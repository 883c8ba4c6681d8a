import { BenchDaemon } from './bench-daemon.ts';
import { ansible, type FanOut, isInstalled, openMasters, type Way } from './fan-out-peers.ts';
import { expectCode, MANY_BENCH_HOSTS, openLab } from './lab-link.ts';
import { openLightLab } from './light-lab.ts';
import { type Comparison, inTurns, type Question, type RunOptions, timed } from './question.ts';

/** Of 50 light hosts ansible takes half a minute each time, ten times as long as ours. */
const TURNS = { booted: { budget: 30_000, ansible: 3 }, light: { budget: 60_000, ansible: 2 } };

export const question: Question = {
  id: 'P10',
  title: 'Facts of many hosts, read anew: system, processor, memory, disks, virtualization, init, packages',
  verified:
    'both sides gave facts of every host, each with its name, memory and mounts; host keys were checked.',
  peers: ['ansible --version'],
  async *run(options) {
    if (!(await isInstalled('ansible'))) throw new Error('P10 needs ansible: apt-get install ansible-core');
    yield* await onBooted(options);
    yield* await onLight(options);
  },
};

async function onBooted(options: RunOptions): Promise<readonly Comparison[]> {
  await using lab = await openLab(MANY_BENCH_HOSTS.slice(0, options.quick ? 2 : 10));
  const names = lab.hosts.map(({ name }) => name);
  return await compare('booted', { names, sshConfigFile: lab.configFile, folder: lab.folder }, options);
}

async function onLight(options: RunOptions): Promise<readonly Comparison[]> {
  await using lab = await openLightLab(options.quick ? 5 : 50);
  return await compare('light', lab.fanOut, options);
}

async function compare(
  kind: keyof typeof TURNS,
  fanOut: FanOut,
  { quick }: RunOptions,
): Promise<readonly Comparison[]> {
  const { budget, ansible: turns } = TURNS[kind];
  const pace = quick ? 1 : { rounds: 5, least: 3, budget };
  const { names, sshConfigFile } = fanOut;
  await using daemon = await BenchDaemon.start({ sshConfigFile });
  await using _masters = await openMasters(fanOut);
  const [cold = [], warm = [], coldPeer = [], warmPeer = []] = await inTurns(pace, [
    async () => {
      await daemon.restart();
      return await timed(async () => await facts(daemon, names.length));
    },
    async () => await timed(async () => await facts(daemon, names.length)),
    async round => (round < turns ? await timed(async () => await setup(fanOut, 'cold')) : null),
    async round => (round < turns ? await timed(async () => await setup(fanOut, 'warm')) : null),
  ]);
  const title = `${names.length} ${kind} hosts`;
  const subset = 'ansible -m setup, subsets min, hardware and virtual, pipelined';
  return [
    {
      title: `${title}, cold, p50`,
      ours: { what: 'deckhand hosts facts all --refresh; daemon just started, no executor yet', times: cold },
      peer: { what: `${subset}, no connections kept`, times: coldPeer },
      target: { kind: 'times-faster', atLeast: 5 },
    },
    {
      title: `${title}, warm, p50`,
      ours: { what: 'deckhand hosts facts all --refresh', times: warm },
      peer: { what: `${subset}, over open ControlMasters`, times: warmPeer },
      target: { kind: 'times-faster', atLeast: 20 },
    },
  ];
}

interface FactsOfHost {
  readonly facts: {
    readonly hostname: string;
    readonly memory: { readonly total: number } | null;
    readonly disks: readonly unknown[];
  } | null;
}

async function facts(daemon: BenchDaemon, hosts: number): Promise<void> {
  const { code, stdout, stderr } = await daemon.command(['hosts', 'facts', '--refresh', '--json', 'all']);
  expectCode(code, 0, `deckhand hosts facts: ${stderr}`);
  const answer = JSON.parse(stdout) as { readonly hosts: readonly FactsOfHost[] };
  const whole = answer.hosts.filter(
    ({ facts: found }) => found && found.hostname !== '' && found.memory && found.disks.length > 0,
  );
  expectCode(whole.length, hosts, 'the count of hosts with whole facts');
}

/** What ours reads, less the listening sockets, which no subset of theirs has. */
async function setup(fanOut: FanOut, way: Way): Promise<void> {
  const module = ['-m', 'setup', '-a', 'gather_subset=!all,hardware,virtual'];
  await ansible(fanOut, way, module, /"ansible_memtotal_mb": \d/g);
}
