import { setTimeout as pause } from 'node:timers/promises';
import { BenchDaemon, execOnAll } from './bench-daemon.ts';
import { openLightLab } from './light-lab.ts';
import { cpuTimeOf, residentOf, residentTogether } from './process-meter.ts';
import { type Comparison, inTurns, type Pace, type Question, roundsOf, type RunOptions } from './question.ts';

/** What is watched for so long varies little from round to round. */
const ROUNDS: Pace = { rounds: 5, least: 2, budget: 40_000 };
const CONNECTIONS = 500;
/** Milliseconds until what starting or connecting left behind has gone. */
const SETTLE = 5000;
/** Milliseconds over which processor time is taken. */
const WATCH = 10_000;

export const question: Question = {
  id: 'P18',
  title: 'What a daemon takes while nothing is asked of it: just started, and with many connections open',
  verified: 'a command ran on every host before; the connections were there: one sshd session of each.',
  hosts: 'light',
  peers: [],
  async *run(options) {
    yield* await idle(options);
    yield* await connected(options);
  },
};

async function idle({ quick }: RunOptions): Promise<readonly Comparison[]> {
  const cpu: number[] = [];
  const [memory = []] = await inTurns(quick ? 1 : ROUNDS, [
    async () => {
      await using daemon = await BenchDaemon.start();
      await daemon.api.health();
      await pause(quick ? 1000 : SETTLE);
      const before = cpuTimeOf(daemon.pid);
      await pause(quick ? 1000 : WATCH);
      cpu.push(((cpuTimeOf(daemon.pid) - before) / (quick ? 1000 : WATCH)) * 100);
      return residentOf(daemon.pid);
    },
  ]);
  return [
    {
      title: 'idle: memory (resident set size); executors start with the first task',
      unit: 'MiB',
      ours: { what: 'the daemon', times: memory },
      target: { kind: 'at-most', limit: 120 },
    },
    {
      title: 'idle: processor time, of one core',
      unit: '%',
      ours: { what: 'the daemon', times: cpu },
      target: { kind: 'at-most', limit: 0.5 },
    },
  ];
}

interface Taken {
  readonly daemon: number;
  /** Of each executor. */
  readonly executors: readonly number[];
  readonly together: number;
  readonly cpu: number;
}

async function connected({ quick }: RunOptions): Promise<readonly Comparison[]> {
  const count = quick ? 10 : CONNECTIONS;
  const taken: Taken[] = [];
  await using lab = await openLightLab(count);
  for (const _round of roundsOf(quick ? 1 : ROUNDS)) {
    await using daemon = await BenchDaemon.start({ sshConfigFile: lab.fanOut.sshConfigFile });
    await execOnAll(daemon, 'all', count);
    await pause(quick ? 1000 : SETTLE);
    taken.push(await takenBy(daemon, quick ? 1000 : WATCH));
    const sessions = lab.fleet.sessions();
    if (sessions !== count) throw new Error(`${sessions} connections are open, not ${count}.`);
  }
  const title = `${count} idle connections`;
  const sum = ({ daemon, executors }: Taken): number => executors.reduce((all, one) => all + one, daemon);
  const executors = taken.flatMap(one => one.executors);
  return [
    {
      title: `${title}: memory (resident set size)`,
      unit: 'MiB',
      ours: { what: 'the daemon and its executors, what they share counted in each', times: taken.map(sum) },
      target: { kind: 'at-most', limit: 170 },
    },
    {
      title: `${title}: memory (proportional set size)`,
      unit: 'MiB',
      ours: {
        what: 'the daemon and its executors, what they share counted once',
        times: taken.map(one => one.together),
      },
    },
    {
      title: `${title}: of it`,
      unit: 'MiB',
      ours: { what: 'the daemon', times: taken.map(one => one.daemon) },
    },
    { title: `${title}: of it`, unit: 'MiB', ours: { what: 'each executor', times: executors } },
    {
      title: `${title}: processor time, of one core`,
      unit: '%',
      ours: { what: 'the daemon and its executors', times: taken.map(one => one.cpu) },
      target: { kind: 'at-most', limit: 0.5 },
    },
  ];
}

async function takenBy(daemon: BenchDaemon, watch: number): Promise<Taken> {
  const executors = await daemon.executors();
  const all = [daemon.pid, ...executors];
  const cpuTime = (): number => all.reduce((sum, pid) => sum + cpuTimeOf(pid), 0);
  const before = cpuTime();
  await pause(watch);
  return {
    cpu: ((cpuTime() - before) / watch) * 100,
    daemon: residentOf(daemon.pid),
    executors: executors.map(residentOf),
    together: residentTogether(all),
  };
}
