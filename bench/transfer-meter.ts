import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cut } from './on-cut.ts';
import { cpuTimeOf } from './process-meter.ts';
import {
  type Comparison,
  median,
  type Pace,
  roundsOf,
  type RunOptions,
  type Samples,
  type Target,
} from './question.ts';

/** Milliseconds between looks at what a peer's processes hold in memory. */
const LOOK = 50;
/** A peer this much slower than the best one in the first round is not measured again. */
const HOPELESS = 2;

/** What one piece of work took on this machine. */
export interface Cost {
  /** Milliseconds. */
  readonly time: number;
  /** Milliseconds of processor time, those of processes it started and of the master it went through among them. */
  readonly processor: number;
  /** MiB at most, of all its processes together. */
  readonly memory: number;
}

/** One way to do the same work. */
export interface Way {
  readonly what: string;
  readonly run: () => Promise<Cost>;
}

/** Work in this process: its own floor, about 80 MiB, is in the figure of memory. */
export async function meterHere(work: () => Promise<void>): Promise<Cost> {
  writeFileSync('/proc/self/clear_refs', '5');
  const before = process.cpuUsage();
  const children = childrenTime();
  const begun = performance.now();
  await work();
  const time = performance.now() - begun;
  const { user, system } = process.cpuUsage(before);
  return {
    time,
    processor: (user + system) / 1000 + childrenTime() - children,
    memory: peakOf(process.pid),
  };
}

/** A program, run to its end; throws when it fails. */
export async function meterProgram(
  [file = '', ...words]: readonly string[],
  { masterPid, environment = {} }: { masterPid: number; environment?: Readonly<Record<string, string>> },
): Promise<Cost> {
  const before = childrenTime() + cpuTimeOf(masterPid);
  const begun = performance.now();
  const child = spawn(file, words, {
    stdio: ['ignore', 'ignore', 'pipe'],
    signal: cut,
    env: { ...process.env, ...environment },
  });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(-2000);
  });
  const peaks = new Map<number, number>();
  const look = setInterval(() => {
    for (const pid of descendantsOf(child.pid ?? 0))
      try {
        peaks.set(pid, Math.max(peaks.get(pid) ?? 0, peakOf(pid)));
      } catch {
        // it has just ended
      }
  }, LOOK);
  const [code] = (await once(child, 'close')) as [number | null];
  clearInterval(look);
  const time = performance.now() - begun;
  if (code !== 0) throw new Error(`${file} ${words.join(' ')} ended with ${code}: ${said.trim()}`);
  const memory = [...peaks.values()].reduce((sum, one) => sum + one, 0);
  return { time, processor: childrenTime() + cpuTimeOf(masterPid) - before, memory };
}

/** Milliseconds of processor time of all processes this one has started and seen the end of; to 10 ms. */
function childrenTime(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

function peakOf(pid: number): number {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(found ?? 0) / 1024;
}

function descendantsOf(root: number): number[] {
  const found: number[] = [];
  for (const waiting = [root]; ; ) {
    const pid = waiting.pop();
    if (pid === undefined) return found;
    found.push(pid);
    try {
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        const text = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim();
        if (text !== '') waiting.push(...text.split(' ').map(Number));
      }
    } catch {
      // it has just ended
    }
  }
}

/** One that may take a hundred times as long as the best. */
export interface SlowWay extends Way {
  /** A tenth of the work. */
  readonly tenth: () => Promise<Cost>;
}

export interface Contest {
  readonly title: string;
  readonly ours: Way;
  readonly peers: readonly Way[];
  /** Not asked for the whole work when a tenth of it takes them longer than all of it the best, `HOPELESS` times. */
  readonly slow?: readonly SlowWay[];
  readonly rounds: number | Pace;
  readonly target?: Target;
}

/** Ours and all peers in turns; the best peer is the one that is compared. */
export async function contest(
  { title, ours, peers, slow = [], rounds, target }: Contest,
  { say }: RunOptions,
): Promise<Comparison> {
  const costs = new Map<Way, Cost[]>([ours, ...peers].map(way => [way, []]));
  let running = [...costs.keys()];
  for (const round of roundsOf(rounds)) {
    for (const way of running) costs.get(way)?.push(await way.run());
    if (round > 0) continue;
    const best = Math.min(...peers.map(way => costs.get(way)?.[0]?.time ?? Number.POSITIVE_INFINITY));
    for (const way of slow) {
      const { time } = await way.tenth();
      if (time >= best * HOPELESS)
        say(
          `${way.what}: ${time.toFixed(0)} ms for a tenth of it, more than twice the best for all; left out`,
        );
      else {
        costs.set(way, [await way.run()]);
        running.push(way);
      }
    }
    running = running.filter(way => way === ours || (costs.get(way)?.[0]?.time ?? 0) < best * HOPELESS);
  }
  const samples = (way: Way): Samples => ({
    what: way.what,
    times: (costs.get(way) ?? []).map(({ time }) => time),
  });
  const [best] = running
    .filter(way => way !== ours)
    .toSorted((one, other) => median(samples(one).times) - median(samples(other).times));
  say(`${title}: ms, ms of processor here, MiB at most (a peer twice as slow as the best ran once)`);
  for (const [way, found] of costs) {
    const middle = (key: keyof Cost): string =>
      median(found.map(cost => cost[key]))
        .toFixed(0)
        .padStart(6);
    say(`  ${middle('time')} ${middle('processor')} ${middle('memory')}  ${way.what}`);
  }
  return {
    title,
    ours: samples(ours),
    ...(best === undefined ? {} : { peer: samples(best) }),
    ...(target === undefined ? {} : { target }),
  };
}
