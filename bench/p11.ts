import { cpus } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/core/clock.ts';
import { newId } from '../src/core/ids.ts';
import { isFinal } from '../src/core/task-state.ts';
import type { NewTask } from '../src/core/task.ts';
import { openEngine } from '../src/daemon/engine.ts';
import { executorProcess } from '../src/daemon/executor-process.ts';
import { Fleets } from '../src/daemon/fleet-access.ts';
import { localExecutor } from '../src/daemon/local-executor.ts';
import type { StartExecutor } from '../src/queue/executor-protocol.ts';
import { Queue } from '../src/queue/queue.ts';
import { openSqliteStore } from '../src/store/sqlite/open-store.ts';
import type { Store } from '../src/store/store.ts';
import { TaskRegistry } from '../src/tasks/task-registry.ts';
import { expectCode } from './lab-link.ts';
import { ownFolder } from './own-folder.ts';
import { kinds, pluginFile, preciseNow } from './plugin-kinds.ts';
import { type Comparison, inTurns, type Question, type RunOptions } from './question.ts';

const ROUNDS = 5;
/** Tasks of one timed round. */
const BATCH = 1000;
const CLAIM_SIZE = 64;
const QUEUED = [100, 10_000, 100_000];

export const question: Question = {
  id: 'P11',
  title:
    'The queue over SQLite with every commit synced: how soon work begins, how much passes, how much may wait',
  verified: 'every task was counted as it ended, by the store, and had succeeded.',
  hosts: 'none',
  peers: [],
  async run(options) {
    // executor processes load the kinds of the benches as they load those of a person
    process.env['DECKHAND_PLUGINS'] = pluginFile;
    await using own = await ownFolder('queue');
    const folder = own.path;
    try {
      return [
        ...(await starts(folder, options)),
        ...(await throughput(folder, options)),
        ...(await backlog(folder, options)),
      ];
    } finally {
      delete process.env['DECKHAND_PLUGINS'];
    }
  },
};

const registry = new TaskRegistry(kinds);
const inProcess: StartExecutor = localExecutor(registry, new Fleets());
const EXECUTORS = Math.min(cpus().length, 4);

/** From the call to the first line of the task, one after the other. */
async function starts(folder: string, { quick }: RunOptions): Promise<readonly Comparison[]> {
  const measure = async (name: string, startExecutor: StartExecutor): Promise<readonly number[]> => {
    const store = await openSqliteStore({ folder: join(folder, name), now: () => Date.now() });
    const { api: engineApi } = await openEngine({
      store,
      startExecutor,
      registry,
      executors: startExecutor === inProcess ? 1 : EXECUTORS,
      folder: join(folder, name),
      version: 'bench',
      onTrouble: fail,
    });
    await using engine = engineApi;
    const { signal } = new AbortController();
    const once = async (): Promise<number> => {
      const begun = preciseNow();
      const surroundings = { folder: '/', overrides: {} };
      for await (const item of engine.submitAndFollow(
        { kind: 'bench.noop', params: {}, surroundings },
        { signal },
      ))
        if (item.item === 'ended') return Number(item.task.result?.['begun']) - begun;
      throw new Error('A task did not end.');
    };
    for (let warmUp = 0; warmUp < 20; warmUp += 1) await once();
    const [times = []] = await inTurns(quick ? 20 : 300, [once]);
    return times;
  };
  const title = 'from submit to the first line of the task, p50';
  const target = { kind: 'at-most', limit: 5 } as const;
  return [
    {
      title,
      ours: { what: 'executor in the same process', times: await measure('start-local', inProcess) },
      target,
    },
    {
      title,
      ours: {
        what: 'executor processes, as in a daemon',
        times: await measure('start-processes', executorProcess),
      },
      target,
    },
  ];
}

/** Tasks a second from submit to settled, beside the same calls to the store with nothing around them. */
async function throughput(folder: string, { quick }: RunOptions): Promise<readonly Comparison[]> {
  await using local = await OpenQueue.open(join(folder, 'pass-local'), inProcess, 1);
  await using apart = await OpenQueue.open(join(folder, 'pass-processes'), executorProcess, EXECUTORS);
  await using bare = await openSqliteStore({ folder: join(folder, 'pass-bare'), now: () => Date.now() });
  const rate = (work: () => Promise<number>) => async (): Promise<number> => (BATCH / (await work())) * 1000;
  const passLocal = rate(async () => await local.pass(BATCH));
  const passApart = rate(async () => await apart.pass(BATCH));
  const passBare = rate(async () => await passThroughStore(bare, BATCH));
  for (const warmUp of [passLocal, passApart, passBare]) await warmUp();
  const [one = [], several = [], store = []] = await inTurns(quick ? 2 : 2 * ROUNDS, [
    passLocal,
    passApart,
    passBare,
  ]);
  const peer = { what: `the bare store: submit, claim ${CLAIM_SIZE}, settle ${CLAIM_SIZE}`, times: store };
  const target = { kind: 'at-least', limit: 2000 } as const;
  const title = `tasks that do nothing, ${BATCH} at a time, submitted to settled`;
  return [
    { title, unit: 'tasks/s', ours: { what: 'executor in the same process', times: one }, peer, target },
    {
      title,
      unit: 'tasks/s',
      ours: { what: `${EXECUTORS} executor processes`, times: several },
      peer,
      target,
    },
  ];
}

/** What a task costs when so many others wait; in turns, so that the machine's mood is the same for all. */
async function backlog(folder: string, { quick }: RunOptions): Promise<readonly Comparison[]> {
  const sizes = quick ? [100, 2000] : QUEUED;
  const batch = quick ? 100 : BATCH;
  await using open = new AsyncDisposableStack();
  const queues: OpenQueue[] = [];
  for (const size of sizes) {
    const queue = open.use(await OpenQueue.open(join(folder, `queued-${size}`), inProcess, 1));
    await queue.pause();
    await queue.submit(size);
    queues.push(queue);
  }
  const times = await inTurns(
    quick ? 2 : ROUNDS,
    queues.map(queue => async () => await queue.takeOff(batch)),
  );
  const [smallest = []] = times;
  return sizes.map((size, index): Comparison => {
    const ours = { what: `${size} others wait`, times: times[index] ?? [] };
    const title = 'milliseconds for one task, claimed to settled';
    if (index === 0) return { title, ours };
    const peer = { what: `${sizes[0]} others wait`, times: smallest };
    return { title, ours, peer, target: { kind: 'within', atMost: 1.3 } };
  });
}

/** A queue over a store of its own that counts what ends. */
class OpenQueue implements AsyncDisposable {
  readonly #store: Store;
  readonly #queue: Queue;
  #ended = 0;
  #wanted = Number.POSITIVE_INFINITY;
  #reached: () => void = () => undefined;

  private constructor(store: Store, queue: Queue) {
    this.#store = store;
    this.#queue = queue;
    store.watch(({ events }) => {
      for (const event of events) {
        if (event.kind !== 'task-state' || !isFinal(event.state)) continue;
        if (event.state !== 'succeeded') fail(new Error(`A task ended as ${event.state}.`));
        this.#ended += 1;
        if (this.#ended === this.#wanted) this.#reached();
      }
    });
  }

  static async open(folder: string, startExecutor: StartExecutor, executors: number): Promise<OpenQueue> {
    const store = await openSqliteStore({ folder, now: () => Date.now() });
    const queue = await Queue.open({
      store,
      clock: systemClock,
      chance: Math.random,
      startExecutor,
      executors,
      silenceLimit: 10_000,
      idleLimit: 600_000,
      onQuestion: () => undefined,
      onTrouble: fail,
    });
    return new OpenQueue(store, queue);
  }

  async pause(): Promise<void> {
    await this.#queue.setPaused(true);
  }

  async submit(count: number): Promise<void> {
    for (let left = count; left > 0; left -= BATCH) await this.#queue.submit(newTasks(Math.min(left, BATCH)));
  }

  /** Milliseconds until so many tasks, submitted now, have ended. */
  async pass(count: number): Promise<number> {
    const done = this.#when(count);
    const begun = performance.now();
    await this.submit(count);
    await done;
    return performance.now() - begun;
  }

  /** Milliseconds for each of the next `count` tasks; as many are added before. */
  async takeOff(count: number): Promise<number> {
    await this.submit(count);
    const before = this.#ended;
    const done = this.#when(count);
    const begun = performance.now();
    await this.#queue.setPaused(false);
    await done;
    const time = performance.now() - begun;
    await this.#queue.setPaused(true);
    // what was claimed meanwhile goes to its end, so that it is in nobody's way
    while (((await this.#store.counts()).running ?? 0) > 0) await systemClock.sleep(5);
    await this.submit(this.#ended - before - count);
    return time / count;
  }

  #when(count: number): Promise<void> {
    this.#wanted = this.#ended + count;
    return new Promise(resolve => {
      this.#reached = resolve;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue[Symbol.asyncDispose]();
    await this.#store[Symbol.asyncDispose]();
  }
}

async function passThroughStore(store: Store, count: number): Promise<number> {
  const begun = performance.now();
  await store.submit(newTasks(count), Date.now());
  const limits = { free: CLAIM_SIZE, hostDefault: count, hostLimits: {} };
  let settled = 0;
  for (;;) {
    const tasks = await store.claim('bench', limits, Date.now());
    if (tasks.length === 0) break;
    const outcomes = await store.record(
      tasks.map(({ id, claim }) => ({
        task: id,
        claim,
        write: 'settle' as const,
        settlement: { to: 'succeeded' as const, result: {} },
      })),
      Date.now(),
    );
    settled += outcomes.filter(outcome => outcome === 'written').length;
  }
  const time = performance.now() - begun;
  expectCode(settled, count, 'the count of tasks that the bare store settled');
  return time;
}

function newTasks(count: number): readonly NewTask[] {
  const now = Date.now();
  return Array.from({ length: count }, () => ({
    id: newId('task', now),
    group: newId('group', now),
    kind: 'bench.noop',
    host: null,
    params: {},
    input: null,
    surroundings: { folder: '/', overrides: {} },
    title: 'nothing',
    category: 'bench',
    tags: [],
    priority: 0,
    onLost: 'retry' as const,
    retry: { limit: 0, pause: 1000, longestPause: 60_000 },
    runAfter: null,
    dependsOn: [],
    onDependencyFailed: 'skip' as const,
    idempotencyKey: null,
    retryOf: null,
    requestId: 'bench',
  }));
}

function fail(error: Error): never {
  throw error;
}
