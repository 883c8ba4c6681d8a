import type { ErrorRecord } from '../../src/core/deckhand-error.ts';
import { DeckhandError } from '../../src/core/deckhand-error.ts';
import { newId } from '../../src/core/ids.ts';
import type { NewTask, TaskRecord } from '../../src/core/task.ts';
import type { ClaimLimits, Fence, Settlement, Store } from '../../src/store/store.ts';

/** A moment for tests that do not care which. */
export const NOON = Date.UTC(2026, 5, 1, 12);
export const MINUTE = 60_000;
/** What an approval has besides its name and its hash. */
export const PLAN = { kind: 'plan', about: { risks: ['data-loss'] }, uses: 2, validFor: MINUTE } as const;
export const MANY: ClaimLimits = { free: 1_000, hostDefault: 1_000, hostLimits: {} };
export const ONE: ClaimLimits = { free: 1, hostDefault: 1_000, hostLimits: {} };

export function sampleTask(changes: Partial<NewTask> = {}): NewTask {
  return {
    id: newId('task', NOON),
    group: 'group-1',
    kind: 'command',
    host: 'web',
    params: { command: 'uptime' },
    input: null,
    surroundings: { folder: '/home/ann/project', overrides: {} },
    title: 'uptime on web',
    category: 'command',
    tags: [],
    priority: 0,
    onLost: 'hold',
    retry: { limit: 0, pause: 1_000, longestPause: 60_000 },
    runAfter: null,
    dependsOn: [],
    onDependencyFailed: 'skip',
    idempotencyKey: null,
    retryOf: null,
    requestId: 'request-1',
    ...changes,
  };
}

export function failure(message = 'It failed.'): ErrorRecord {
  return new DeckhandError('command.failed', message).toJSON();
}

export const SUCCESS: Settlement = { to: 'succeeded', result: { exitCode: 0 } };
export const FAILURE: Settlement = { to: 'failed', error: failure() };

export function fenceOf(task: TaskRecord): Fence {
  return { task: task.id, claim: task.claim };
}

/** Submits one task and gives it back. */
export async function submitOne(
  store: Store,
  changes: Partial<NewTask> = {},
  now = NOON,
): Promise<TaskRecord> {
  const [kept] = await store.submit([sampleTask(changes)], now);
  if (!kept) throw new Error('Nothing was kept.');
  return kept.task;
}

/** Claims the best task. */
export async function claimOne(store: Store, now = NOON): Promise<TaskRecord> {
  const [task] = await store.claim('executor-1', ONE, now);
  if (!task) throw new Error('Nothing could be claimed.');
  return task;
}

export async function settle(
  store: Store,
  task: TaskRecord,
  settlement: Settlement,
  now = NOON,
): Promise<string> {
  const [outcome] = await store.record([{ ...fenceOf(task), write: 'settle', settlement }], now);
  return outcome ?? 'nothing';
}
