import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { DeckhandError } from '../../src/core/deckhand-error.ts';
import { isFinal, mayBecome, type TaskState } from '../../src/core/task-state.ts';
import type { TaskEvent } from '../../src/core/task-event.ts';
import type { Settlement, Store, TaskControl } from '../../src/store/store.ts';
import type { OpenStore } from './conformance.ts';
import { failure, MANY, MINUTE, NOON, PLAN, sampleTask } from './sample-task.ts';

const HOSTS = ['web', 'web', 'db', 'web', null] as const;
const LIMITS = { hostDefault: 2, hostLimits: { db: 1 } };
const limitOf = (host: string): number => (host === 'db' ? 1 : 2);

const FIRST: readonly TaskState[] = ['queued', 'delayed', 'blocked'];

/** Any order of these must keep every promise. `pick` chooses a task, a claim or an approval. */
type Act =
  | {
      readonly act: 'submit';
      readonly tasks: number;
      readonly pick: number;
      readonly delay: number;
      readonly run: boolean;
    }
  | { readonly act: 'claim'; readonly free: number }
  | {
      readonly act: 'begin' | 'output' | 'settle';
      readonly pick: number;
      readonly how: number;
      readonly stale: boolean;
    }
  | { readonly act: 'control'; readonly pick: number; readonly how: number }
  | { readonly act: 'decide'; readonly pick: number; readonly approve: boolean }
  | { readonly act: 'expire' | 'recover' }
  | { readonly act: 'wait'; readonly minutes: number };

const natural = fc.nat({ max: 1_000 });
const acts: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant('submit' as const),
      tasks: fc.integer({ min: 1, max: 6 }),
      pick: natural,
      delay: fc.nat({ max: 3 }),
      run: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ act: fc.constant('claim' as const), free: fc.integer({ min: 1, max: 8 }) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      act: fc.constantFrom('begin' as const, 'output' as const, 'settle' as const, 'settle' as const),
      pick: natural,
      how: natural,
      stale: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ act: fc.constant('control' as const), pick: natural, how: natural }) },
  {
    weight: 1,
    arbitrary: fc.record({ act: fc.constant('decide' as const), pick: natural, approve: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constantFrom('expire' as const, 'recover' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ act: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 3 }) }),
  },
);

const CONTROLS: readonly TaskControl[] = [
  { action: 'cancel', force: false },
  { action: 'cancel', force: true },
  { action: 'pause' },
  { action: 'resume' },
  { action: 'priority', priority: 5 },
];

interface Claim {
  readonly task: string;
  readonly claim: number;
}

/** Carries acts out on a store and holds what it says against what it promised. */
class RandomWork {
  readonly #store: Store;
  #now = NOON;
  #approvals = 0;
  readonly #submitted: string[] = [];
  readonly #hosts = new Map<string, string | null>();
  readonly #claims: Claim[] = [];
  readonly #faults: string[] = [];
  readonly #seen = new Map<string, { seq: number; state: TaskState | null }>();

  constructor(store: Store) {
    this.#store = store;
    store.watch(({ events }) => events.forEach(event => this.#hear(event)));
  }

  /** A listener must not throw: what is wrong is remembered for `verify`. */
  #hear(event: TaskEvent): void {
    const before = this.#seen.get(event.task) ?? { seq: 0, state: null };
    const fault = (text: string): unknown => this.#faults.push(`${event.task} ${event.seq}: ${text}`);
    if (event.seq !== before.seq + 1) fault(`came after ${before.seq}`);
    let { state } = before;
    if (event.kind === 'task-state') {
      const legal = state === null ? FIRST.includes(event.state) : mayBecome(state, event.state);
      if (!legal) fault(`${state} became ${event.state}`);
      state = event.state;
    }
    this.#seen.set(event.task, { seq: event.seq, state });
  }

  async perform(act: Act): Promise<void> {
    this.#now += 1;
    try {
      await this.#perform(act);
    } catch (thrown) {
      // A person may ask for what is not possible; nothing else may fail.
      if (!(thrown instanceof DeckhandError) || thrown.code !== 'task.illegal-state') throw thrown;
    }
  }

  async #perform(act: Act): Promise<void> {
    if (act.act === 'submit') await this.#submit(act);
    else if (act.act === 'claim') await this.#claim(act.free);
    else if (act.act === 'control') await this.#control(act);
    else if (act.act === 'decide') await this.#decide(act.pick, act.approve);
    else if (act.act === 'wait') this.#now += act.minutes * MINUTE;
    else if ('how' in act) await this.#report(act);
    else if (act.act === 'expire') await this.#store.expireApprovals(this.#now);
    else await this.#store.recover(this.#now);
  }

  async #submit({ tasks, pick, delay, run }: Extract<Act, { act: 'submit' }>): Promise<void> {
    const older = this.#submitted[pick % (this.#submitted.length || 1)];
    const made = Array.from({ length: tasks }, (_, place) =>
      sampleTask({
        host: HOSTS[(pick + place) % HOSTS.length] ?? null,
        priority: (pick % 7) - 3,
        runAfter: delay > 0 ? this.#now + delay * MINUTE : null,
        dependsOn: [
          ...(place > 0 && pick % 2 === 0 ? [String(place - 1)] : []),
          ...(older && pick % 3 === 0 ? [older] : []),
        ],
        onDependencyFailed: run ? 'run' : 'skip',
      }),
    );
    await this.#store.submit(made, this.#now);
    for (const { id, host } of made) {
      this.#submitted.push(id);
      this.#hosts.set(id, host);
    }
  }

  async #claim(free: number): Promise<void> {
    const claimed = await this.#store.claim('executor', { free, ...LIMITS }, this.#now);
    const work = claimed.filter(({ cancelAsked }) => cancelAsked === 'no');
    expect(work.length).toBeLessThanOrEqual(free);
    for (const { id, claim, state } of claimed) {
      expect(state).toBe('running');
      expect(this.#claims.filter(each => each.task === id).every(each => each.claim < claim)).toBe(true);
      this.#claims.push({ task: id, claim });
    }
    // those that are to be cancelled on their host make room there; they wait for none
    const { tasks } = await this.#store.tasks({ states: ['running'] }, { limit: 1_000 });
    const atWork = Map.groupBy(
      tasks.filter(({ cancelAsked }) => cancelAsked === 'no'),
      ({ host }) => host,
    );
    for (const [host, running] of atWork) {
      if (host !== null) expect(running.length).toBeLessThanOrEqual(limitOf(host));
    }
  }

  async #report({
    act,
    pick,
    how,
    stale,
  }: Extract<Act, { act: 'begin' | 'output' | 'settle' }>): Promise<void> {
    const claim = this.#claims[stale ? pick % (this.#claims.length || 1) : this.#claims.length - 1];
    if (!claim) return;
    const task = await this.#store.task(claim.task);
    const live = task.state === 'running' && task.claim === claim.claim;
    const bytes = Uint8Array.of(how % 256);
    const write =
      act === 'begin'
        ? ({ write: 'begun', host: 'web', runId: 'run' } as const)
        : act === 'output'
          ? ({ write: 'output', pieces: [{ stream: 'stdout', at: 0, bytes }] } as const)
          : ({ write: 'settle', settlement: this.#settlement(how) } as const);
    expect(await this.#store.record([{ ...claim, ...write }], this.#now)).toEqual([
      live ? 'written' : 'fenced',
    ]);
  }

  #settlement(how: number): Settlement {
    const error = failure();
    const at = this.#now + MINUTE;
    this.#approvals += 1;
    const approval = { id: `approval-${this.#approvals}`, hash: 'h', title: 't', expiresAt: at, ...PLAN };
    const all: readonly Settlement[] = [
      { to: 'succeeded', result: {} },
      { to: 'failed', error },
      { to: 'cancelled', error },
      { to: 'lost', error },
      { to: 'repeat', at, error },
      { to: 'delayed', at, reason: 'later' },
      { to: 'queued', reason: 'gone', crashed: true },
      { to: 'paused' },
      { to: 'waiting-approval', approval },
    ];
    return all[how % all.length] ?? { to: 'paused' };
  }

  async #control({ pick, how }: Extract<Act, { act: 'control' }>): Promise<void> {
    const task = this.#submitted[pick % (this.#submitted.length || 1)];
    const wish = CONTROLS[how % CONTROLS.length];
    if (task && wish) await this.#store.control(task, wish, this.#now);
  }

  async #decide(pick: number, approve: boolean): Promise<void> {
    const open = await this.#store.approvals({ state: 'open' });
    const approval = open[pick % (open.length || 1)];
    if (approval) await this.#store.decide(approval.id, approve ? 'approved' : 'declined', 'ann', this.#now);
  }

  /** What is told equals what is kept; nobody is missing. */
  async verify(): Promise<void> {
    expect(this.#faults).toEqual([]);
    expect(await this.#store.check()).toEqual([]);
    const counts = Object.values(await this.#store.counts());
    expect(counts.reduce((sum, each) => sum + each, 0)).toBe(this.#submitted.length);
    for (const id of this.#submitted) {
      const task = await this.#store.task(id);
      expect({ seq: task.lastSeq, state: task.state }).toEqual(this.#seen.get(id));
      expect(task.finishedAt !== null).toBe(isFinal(task.state));
    }
  }

  /** Work that goes on ends: no task waits for ever. */
  async finish(): Promise<void> {
    await this.#store.recover(this.#now);
    for (let round = 0; round <= this.#submitted.length * 2; round += 1) {
      this.#now += 10 * MINUTE;
      await this.#store.expireApprovals(this.#now);
      const paused = await this.#store.tasks({ states: ['paused'] }, { limit: 1_000 });
      for (const { id } of paused.tasks) await this.#store.control(id, { action: 'resume' }, this.#now);
      const claimed = await this.#store.claim('executor', MANY, this.#now);
      const settlement: Settlement = { to: 'succeeded', result: {} };
      const ends = claimed.map(
        ({ id, claim }) => ({ task: id, claim, write: 'settle', settlement }) as const,
      );
      await this.#store.record(ends, this.#now);
    }
    for (const id of this.#submitted) expect(isFinal((await this.#store.task(id)).state)).toBe(true);
  }
}

/** Random orders of everything the store can be asked. `DECKHAND_RANDOM_RUNS` makes it longer. */
export function randomWorkCases(open: OpenStore): void {
  const numRuns = Number(process.env['DECKHAND_RANDOM_RUNS'] ?? 10);
  it('keeps its promises whatever the order of calls', { timeout: 600_000 }, async () => {
    const holds = fc.asyncProperty(
      fc.array(acts, { minLength: 20, maxLength: 80, size: 'max' }),
      async list => {
        await using store = await open();
        const work = new RandomWork(store);
        for (const act of list) await work.perform(act);
        await work.verify();
        await work.finish();
        await work.verify();
      },
    );
    await fc.assert(holds, { numRuns });
  });
}
