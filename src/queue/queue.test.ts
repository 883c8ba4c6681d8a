import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { isFinal } from '../core/task-state.ts';
import type { NewTask, TaskRecord } from '../core/task.ts';
import { openMemoryStore } from '../store/sqlite/open-store.ts';
import type { Store } from '../store/store.ts';
import type { Assignment, FromExecutor, Outcome, ToExecutor } from './executor-protocol.ts';
import { Queue } from './queue.ts';
import { sampleNewTask } from './sample-task.ts';

/** An executor whose claims end when the test says so. */
class ScriptedExecutor {
  readonly heard: ToExecutor[] = [];
  readonly assignments: Assignment[] = [];
  onMessage: (message: FromExecutor) => void = () => undefined;
  onExit: (reason: string) => void = () => undefined;
  automatic: ((assignment: Assignment) => Outcome) | undefined;

  hear(message: ToExecutor): void {
    this.heard.push(message);
    if (message.say === 'leave') setImmediate(() => this.onExit('left'));
    if (message.say !== 'run') return;
    this.assignments.push(message.assignment);
    const outcome = this.automatic?.(message.assignment);
    if (outcome) setImmediate(() => this.end(message.assignment, outcome));
  }
  end({ task }: Assignment, outcome: Outcome): void {
    this.onMessage({ say: 'ended', task: task.id, claim: task.claim, outcome });
  }
}

const done: Outcome = { end: 'succeeded', result: {} };
let store: Store;
let queue: Queue;
let executors: ScriptedExecutor[];
let automatic: ((assignment: Assignment) => Outcome) | undefined;

async function open(): Promise<void> {
  queue = await Queue.open({
    store,
    clock: systemClock,
    chance: () => 0.5,
    executors: 1,
    silenceLimit: 10_000,
    idleLimit: 0,
    onQuestion: () => undefined,
    onTrouble: error => {
      throw error;
    },
    startExecutor: (name, { onMessage, onExit }) => {
      const executor = new ScriptedExecutor();
      executor.onMessage = onMessage;
      executor.onExit = onExit;
      executor.automatic = automatic;
      executors.push(executor);
      return { name, pid: null, send: message => executor.hear(message), kill: () => onExit('killed') };
    },
  });
}

beforeEach(async () => {
  store = await openMemoryStore();
  executors = [];
  automatic = undefined;
});
afterEach(async () => {
  await queue[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
});

/** Resolves when the store has committed something that makes `holds` true. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) {
    await new Promise<void>(resolve => {
      const stop = store.watch(() => {
        stop();
        resolve();
      });
      setTimeout(() => {
        stop();
        resolve();
      }, 20);
    });
  }
}
const state = async (id: string): Promise<TaskRecord['state']> => (await store.task(id)).state;
const task = (id: string, change: Partial<NewTask> = {}): NewTask => sampleNewTask({ id, ...change });

describe('the queue', () => {
  it('carries out what is submitted, higher priority first (T04)', async () => {
    automatic = () => done;
    await store.saveSetting('limits', { total: 1 });
    await open();
    await queue.setPaused(true);
    await queue.submit([task('low', { priority: -5 }), task('normal'), task('high', { priority: 5 })]);
    await queue.setPaused(false);
    await until(async () =>
      (await store.tasks({}, { limit: 10 })).tasks.every(({ state: now }) => isFinal(now)),
    );
    expect(executors[0]?.assignments.map(assignment => assignment.task.id)).toEqual([
      'high',
      'normal',
      'low',
    ]);
  });

  it('never runs more on a host than its limit, and more at once when it is raised (Q27)', async () => {
    await open();
    await queue.setLimits({ perHost: 2 });
    await queue.submit(Array.from({ length: 6 }, (_, index) => task(`t${index}`, { host: 'web' })));
    await until(() => (executors[0]?.assignments.length ?? 0) === 2);
    expect((await store.counts()).running).toBe(2);
    await queue.setLimits({ hosts: { web: 4 } });
    await until(() => (executors[0]?.assignments.length ?? 0) === 4);
    expect((await store.counts()).running).toBe(4);
  });

  it('tells the executor of a cancel, and keeps what it answers (Q18)', async () => {
    await open();
    await queue.submit([task('long')]);
    await until(() => executors[0]?.assignments.length === 1);
    await queue.control('long', { action: 'cancel', force: false });
    expect(executors[0]?.heard).toContainEqual({ say: 'cancel', task: 'long', claim: 1, force: false });
    const error = new DeckhandError('command.cancelled', 'stopped').toJSON();
    executors[0]?.end(executors[0].assignments[0] as Assignment, { end: 'cancelled', error });
    await until(async () => (await state('long')) === 'cancelled');
  });

  it('carries a cancel out while it is paused, and though every slot is taken (Q18)', async () => {
    await open();
    await queue.setLimits({ total: 1 });
    await queue.submit([task('begun')]);
    await until(() => executors[0]?.assignments.length === 1);
    executors[0]?.onMessage({
      say: 'write',
      number: 1,
      fence: { task: 'begun', claim: 1 },
      writes: [{ write: 'begun', task: 'begun', claim: 1, host: 'web', runId: 'run-1' }],
    });
    await until(async () => (await store.task('begun')).begun);
    await queue.setPaused(true);
    executors[0]?.onExit('exit 1');
    await until(async () => (await state('begun')) === 'queued');
    await queue.submit([task('waits')]);
    await queue.control('begun', { action: 'cancel', force: false });
    await until(() => executors[1]?.assignments.length === 1);
    expect(executors[1]?.assignments[0]?.task).toMatchObject({ id: 'begun', cancelAsked: 'cancel' });
    expect(await state('waits')).toBe('queued');
  });

  it('does not ask at once again for a cancel that could not be proved yet', async () => {
    const error = new DeckhandError('ssh.refused', 'closed').toJSON();
    automatic = () => ({ end: 'later', pause: 60_000, reason: 'refused', error, cancelling: true });
    await open();
    await queue.submit([task('begun')]);
    await until(async () => (await state('begun')) === 'delayed');
    expect((await store.task('begun')).claim).toBe(1);
  });

  it('gives a dead executor’s claims to another, and refuses what the dead one still says (R07)', async () => {
    await open();
    await queue.submit([task('work')]);
    await until(() => executors[0]?.assignments.length === 1);
    const [first] = executors;
    first?.onExit('exit 1');
    await until(() => executors[1]?.assignments.length === 1);
    expect(executors[1]?.assignments[0]?.task).toMatchObject({ claim: 2, attempt: 1, crashes: 1 });
    first?.end(first.assignments[0] as Assignment, done);
    expect(await state('work')).toBe('running');
    executors[1]?.end(executors[1].assignments[0] as Assignment, done);
    await until(async () => (await state('work')) === 'succeeded');
  });

  it('fails a task that takes its executor with it three times, and no other task (L33)', async () => {
    await open();
    await queue.submit([task('poison'), task('fine')]);
    for (let crash = 0; crash < 3; crash += 1) {
      await until(() => executors[crash]?.assignments.some(({ task: { id } }) => id === 'poison') === true);
      const executor = executors[crash];
      const fine = executor?.assignments.find(({ task: { id } }) => id === 'fine');
      expect(fine !== undefined).toBe(true);
      const claim = executor?.assignments.find(({ task: { id } }) => id === 'poison')?.task.claim ?? 0;
      executor?.onMessage({ say: 'crashing', task: 'poison', claim });
      executor?.onExit('exit 1');
    }
    await until(async () => (await state('poison')) === 'failed');
    expect((await store.task('poison')).error?.code).toBe('task.executor-crashed');
    await until(() => executors[3]?.assignments.length === 1);
    expect(executors[3]?.assignments[0]?.task).toMatchObject({ id: 'fine', crashes: 0, claim: 4 });
    executors[3]?.end(executors[3].assignments[0] as Assignment, done);
    await until(async () => (await state('fine')) === 'succeeded');
  });

  it('lets go of its claims when it closes, and goes on with them when opened again (T24)', async () => {
    await open();
    await queue.submit([task('work')]);
    await until(() => executors[0]?.assignments.length === 1);
    await queue[Symbol.asyncDispose]();
    expect(executors[0]?.heard.at(-1)).toEqual({ say: 'leave' });
    expect(await state('work')).toBe('queued');
    await open();
    await until(() => executors[1]?.assignments.length === 1);
    expect(executors[1]?.assignments[0]?.task).toMatchObject({ attempt: 1, crashes: 0 });
  });

  it('repeats what may pass by itself (Q17)', async () => {
    const error = new DeckhandError('ssh.refused', 'closed').toJSON();
    automatic = ({ task: { attempt } }) => (attempt < 3 ? { end: 'failed', error } : done);
    await open();
    await queue.submit([task('again', { retry: { limit: 5, pause: 1, longestPause: 1 } })]);
    await until(async () => (await state('again')) === 'succeeded');
    expect(await store.task('again')).toMatchObject({ attempt: 3 });
  });
});
