import { DeckhandError, type ErrorRecord } from '../../core/deckhand-error.ts';
import { isFinal, mayBecome, type TaskState } from '../../core/task-state.ts';
import { durationBucket } from './duration-bucket.ts';
import { errorRecord } from './sqlite-faults.ts';
import { orderKeyOf, type TaskRow } from './task-row.ts';
import type { Transaction } from './transaction.ts';

export interface Move {
  readonly reason?: string;
  readonly error?: ErrorRecord;
  readonly result?: Readonly<Record<string, unknown>>;
}

/**
 * The one place where a task's state changes. Tells it as an event, keeps the sums, and when the task has ended
 * lets those that wait for it go on. An illegal move is a defect of the caller and changes nothing.
 */
export function moveTask(transaction: Transaction, task: TaskRow, to: TaskState, move: Move = {}): void {
  const ended = [moveOne(transaction, task, to, move)];
  for (let next = ended.pop(); next; next = ended.pop()) {
    if (isFinal(next.state)) ended.push(...releaseDependents(transaction, next));
  }
}

function moveOne(transaction: Transaction, task: TaskRow, to: TaskState, move: Move): TaskRow {
  const from = task.state;
  if (!mayBecome(from, to)) {
    throw new DeckhandError('internal.defect', `Task ${task.id} is ${from} and cannot become ${to}.`, {
      details: { task: task.id, from, to },
    });
  }
  task.state = to;
  task.phase = null;
  task.orderKey = orderKeyOf(task);
  if (to !== 'running') task.executor = null;
  transaction.tally('state', from, -1);
  transaction.tally('state', to, 1);
  if (isFinal(to)) finish(transaction, task, move);
  transaction.event(task, {
    kind: 'task-state',
    state: to,
    ...(move.reason !== undefined && { reason: move.reason }),
    ...(move.error && { error: move.error }),
  });
  return task;
}

function finish(transaction: Transaction, task: TaskRow, move: Move): void {
  task.finishedAt = transaction.now;
  task.pauseAsked = false;
  task.result = move.result ? JSON.stringify(move.result) : null;
  task.error = move.error ? JSON.stringify(move.error) : null;
  task.errorCode = move.error?.code ?? null;
  const counts = task.state === 'succeeded' || task.state === 'failed';
  if (counts && task.startedAt !== null) task.duration = Math.max(0, transaction.now - task.startedAt);
  tallyEnd(transaction, task, 1);
  // what did not succeed may be retried, and needs its input then
  if (task.state !== 'succeeded') return;
  transaction.database.run(
    'UPDATE task_body SET input = NULL WHERE task = ? AND input IS NOT NULL',
    task.number,
  );
}

/** Adds an ended task to the sums, or takes a removed one out. */
export function tallyEnd(transaction: Transaction, task: TaskRow, difference: 1 | -1): void {
  const minute = Math.floor((task.finishedAt ?? 0) / 60_000);
  transaction.tally('minute-finished', minute, difference);
  if (task.state === 'failed' || task.state === 'lost')
    transaction.tally('minute-failed', minute, difference);
  if (task.errorCode !== null) transaction.tally('error', task.errorCode, difference);
  if (task.duration === null) return;
  transaction.tally('duration', durationBucket(task.duration), difference);
  transaction.tally('duration-sum', 'all', difference * task.duration);
}

/** Those that waited for this one: ready, or skipped. Gives the skipped ones, whose own dependents come next. */
function releaseDependents(transaction: Transaction, task: TaskRow): readonly TaskRow[] {
  const waiting = transaction.database.all('SELECT task FROM task_dep WHERE dep = ?', task.number);
  const skipped: TaskRow[] = [];
  for (const { task: number } of waiting) {
    const dependent = transaction.byNumber(Number(number));
    if (dependent.state !== 'blocked') continue;
    if (task.state !== 'succeeded' && dependent.onDependencyFailed === 'skip') {
      skipped.push(skip(transaction, dependent, task.id, task.state));
    } else {
      dependent.depsLeft -= 1;
      transaction.touch(dependent);
      if (dependent.depsLeft === 0)
        moveOne(transaction, dependent, readyState(dependent, transaction.now), {});
    }
  }
  return skipped;
}

function skip(transaction: Transaction, task: TaskRow, cause: string, state: TaskState): TaskRow {
  const error = errorRecord('task.dependency-failed', `Task ${cause} is ${state}; this task waited for it.`, {
    details: { task: cause, state },
  });
  return moveOne(transaction, task, 'skipped', { error });
}

/** A task that came too late: what it depends on has failed already. */
export function skipTask(transaction: Transaction, task: TaskRow, cause: string, state: TaskState): void {
  const ended = [skip(transaction, task, cause, state)];
  for (let next = ended.pop(); next; next = ended.pop()) ended.push(...releaseDependents(transaction, next));
}

/** Where a task stands that nothing but time can hold back. */
export function readyState(task: { readonly runAfter: number }, now: number): 'queued' | 'delayed' {
  return task.runAfter > now ? 'delayed' : 'queued';
}

/** Nothing of it runs anywhere: cancelled at once. */
export function cancelTask(transaction: Transaction, task: TaskRow): void {
  const error = errorRecord('command.cancelled', 'The task was cancelled; nothing of it was running.');
  closeApprovals(transaction, task);
  moveTask(transaction, task, 'cancelled', { error });
}

/** Questions of a task that no longer waits for an answer. */
export function closeApprovals(transaction: Transaction, task: TaskRow): void {
  transaction.database.run(
    "UPDATE approval SET state = 'expired', decided_at = ? WHERE task = ? AND state = 'open'",
    transaction.now,
    task.number,
  );
}
