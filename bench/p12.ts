import { setTimeout as pause } from 'node:timers/promises';
import { connectClient } from '../src/api/http/connect.ts';
import { BenchDaemon } from './bench-daemon.ts';
import { expectCode } from './lab-link.ts';
import { LINE, pluginFile, preciseNow, readLine } from './plugin-kinds.ts';
import { cpuTimeOf } from './process-meter.ts';
import { type Comparison, median, type Question } from './question.ts';

const TASKS = 20;
const WATCHERS = 100;
const LINES_A_SECOND = 10_000;
/** Seconds of one window of the measurement. */
const WINDOW = 6;
/** Seconds before the first. */
const WARM_UP = 4;

export const question: Question = {
  id: 'P12',
  title: `${LINES_A_SECOND} lines a second of ${LINE} bytes from ${TASKS} tasks, kept, and read by ${WATCHERS} watchers over the socket, each of one task`,
  verified: 'every watcher got every line of its task once, in order, from the first to the last.',
  hosts: 'none',
  peers: [],
  async run({ quick }) {
    const windows = quick ? 2 : 5;
    const seconds = quick ? 2 : WINDOW;
    await using daemon = await BenchDaemon.start({ plugins: pluginFile });
    const { api } = daemon;
    const rate = LINES_A_SECOND / TASKS;
    const lines = rate * (WARM_UP + windows * seconds + 1);
    const surroundings = daemon.surroundings;
    const submitted = await Promise.all(
      Array.from({ length: TASKS }, () =>
        api.submit({ kind: 'bench.lines', params: { rate, lines }, surroundings }),
      ),
    );
    const ids = submitted.flatMap(({ tasks }) => tasks.map(({ id }) => id));
    const watchers = Array.from(
      { length: WATCHERS },
      (_, index) => new Watcher(daemon.socket, ids[index % TASKS] ?? '', lines),
    );
    const watching = Promise.all(watchers.map(async watcher => await watcher.watch()));
    await pause(WARM_UP * 1000);
    const seen: Window[] = [];
    for (let number = 0; number < windows; number += 1) seen.push(await measured(daemon, watchers, seconds));
    await watching;
    return compare(seen);
  },
};

interface Window {
  readonly lag: number;
  readonly late: number;
  readonly daemon: number;
  readonly executors: number;
  readonly watchers: number;
}

async function measured(daemon: BenchDaemon, watchers: readonly Watcher[], seconds: number): Promise<Window> {
  const executors = await daemon.executors();
  const taken = (): readonly number[] => [
    cpuTimeOf(daemon.pid),
    executors.reduce((sum, pid) => sum + cpuTimeOf(pid), 0),
    cpuTimeOf(process.pid),
  ];
  for (const watcher of watchers) watcher.takeLags();
  const [before, begun] = [taken(), performance.now()];
  await pause(seconds * 1000);
  const [after, time] = [taken(), performance.now() - begun];
  const lags = watchers.flatMap(watcher => watcher.takeLags()).toSorted((a, b) => a - b);
  const percent = (index: number): number => (((after[index] ?? 0) - (before[index] ?? 0)) / time) * 100;
  return {
    lag: median(lags),
    late: lags[Math.floor(lags.length * 0.99)] ?? Number.NaN,
    daemon: percent(0),
    executors: percent(1),
    watchers: percent(2),
  };
}

function compare(seen: readonly Window[]): readonly Comparison[] {
  const of = (name: keyof Window): readonly number[] => seen.map(window => window[name]);
  return [
    {
      title: 'from the making of a line to its watcher',
      ours: { what: 'p50 of each window', times: of('lag') },
      target: { kind: 'at-most', limit: 100 },
    },
    { title: 'the same, the slowest hundredth', ours: { what: 'p99 of each window', times: of('late') } },
    {
      title: 'processor time, of one core',
      unit: '%',
      ours: { what: 'the daemon', times: of('daemon') },
      target: { kind: 'at-most', limit: 15 },
    },
    {
      title: 'processor time, of one core',
      unit: '%',
      ours: { what: 'its executors', times: of('executors') },
    },
    {
      title: 'processor time, of one core',
      unit: '%',
      ours: { what: 'the watchers', times: of('watchers') },
    },
  ];
}

/** Follows one task by the client, over a connection of its own, and checks every line. */
class Watcher {
  readonly #socket: string;
  readonly #task: string;
  readonly #lines: number;
  #lags: number[] = [];
  #bytes = 0;

  constructor(socket: string, task: string, lines: number) {
    this.#socket = socket;
    this.#task = task;
    this.#lines = lines;
  }

  takeLags(): readonly number[] {
    const lags = this.#lags;
    this.#lags = [];
    return lags;
  }

  async watch(): Promise<void> {
    await using client = connectClient({ socketPath: this.#socket });
    for await (const item of client.follow(this.#task, { signal: new AbortController().signal })) {
      if (item.item === 'ended') expectCode(item.task.state, 'succeeded', this.#task);
      if (item.item !== 'output') continue;
      for (const { at, bytes } of item.pieces) this.#read(at, bytes);
    }
    expectCode(this.#bytes / LINE, this.#lines, `the count of lines of ${this.#task}`);
  }

  #read(at: number, bytes: Uint8Array): void {
    expectCode(at, this.#bytes, `${this.#task}: the place of the next piece`);
    expectCode(bytes.length % LINE, 0, `${this.#task}: the rest of a piece after whole lines`);
    const now = preciseNow();
    for (let from = 0; from < bytes.length; from += LINE) {
      const { number, time } = readLine(bytes.subarray(from, from + LINE));
      expectCode(number, (at + from) / LINE, `${this.#task}: the number of the next line`);
      this.#lags.push(now - time);
    }
    this.#bytes += bytes.length;
  }
}
