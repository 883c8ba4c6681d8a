import { DeckhandError } from '../../core/deckhand-error.ts';
import { isFinal, type TaskState } from '../../core/task-state.ts';
import type { Approval, ApprovalWord } from '../../core/task.ts';
import type { TaskControl } from '../store.ts';
import { cancelTask, closeApprovals, moveTask, readyState } from './move-task.ts';
import { errorRecord } from './sqlite-faults.ts';
import { orderKeyOf, type TaskRow } from './task-row.ts';
import type { Transaction } from './transaction.ts';

/** Carries out what a person asks of a task; gives its number. Throws `task.unknown`, `task.illegal-state`. */
export function control(transaction: Transaction, id: string, wish: TaskControl): number {
  const task = transaction.get(id);
  if (isFinal(task.state)) throw illegal(task, wish.action);
  if (wish.action === 'cancel') cancel(transaction, task, wish.force);
  if (wish.action === 'pause') pause(transaction, task);
  if (wish.action === 'resume') resume(transaction, task);
  if (wish.action === 'priority') prioritise(transaction, task, wish.priority);
  return task.number;
}

function illegal(task: { id: string; state: TaskState }, action: string): DeckhandError {
  return new DeckhandError(
    'task.illegal-state',
    `Task ${task.id} is ${task.state}: ${action} is not possible.`,
    {
      details: { task: task.id, state: task.state, action },
    },
  );
}

/** What runs, or has begun something on a host, is marked: an executor ends it there and proves it. */
function cancel(transaction: Transaction, task: TaskRow, force: boolean): void {
  if (task.state !== 'running' && !task.begun) {
    cancelTask(transaction, task);
    return;
  }
  if (task.cancelAsked === 'no' || (force && task.cancelAsked === 'cancel')) {
    task.cancelAsked = force ? 'force' : 'cancel';
    task.orderKey = orderKeyOf(task);
    transaction.event(task, { kind: 'cancel-asked', force });
  }
  if (task.state === 'running' || task.state === 'queued') return;
  closeApprovals(transaction, task);
  task.runAfter = Math.min(task.runAfter, transaction.now);
  moveTask(transaction, task, 'queued', { reason: 'to be cancelled on its host' });
}

function pause(transaction: Transaction, task: TaskRow): void {
  if (task.state === 'queued' || task.state === 'delayed') {
    // One that is being cancelled must reach its host.
    if (task.cancelAsked !== 'no') throw illegal(task, 'pause');
    moveTask(transaction, task, 'paused');
  } else if (task.state === 'running') {
    if (task.pauseAsked) return;
    task.pauseAsked = true;
    transaction.event(task, { kind: 'note', text: 'pause asked' });
  } else if (task.state !== 'paused') throw illegal(task, 'pause');
}

function resume(transaction: Transaction, task: TaskRow): void {
  if (task.state === 'paused') {
    moveTask(transaction, task, readyState(task, transaction.now), { reason: 'resumed' });
  } else if (task.pauseAsked) {
    task.pauseAsked = false;
    transaction.event(task, { kind: 'note', text: 'pause no longer asked' });
  } else throw illegal(task, 'resume');
}

function prioritise(transaction: Transaction, task: TaskRow, priority: number): void {
  if (task.priority === priority) return;
  transaction.event(task, { kind: 'note', text: `priority ${task.priority} → ${priority}` });
  task.priority = priority;
  task.orderKey = orderKeyOf(task);
}

/** Answers an approval; gives the task's number. */
export function decide(
  transaction: Transaction,
  id: string,
  answer: 'approved' | 'declined',
  who: string,
  word: ApprovalWord = {},
): number {
  const row = transaction.database.one('SELECT task, state, expires_at FROM approval WHERE id = ?', id);
  if (!row) {
    throw new DeckhandError('task.unknown', `No approval has the id ${id}.`, { details: { approval: id } });
  }
  const task = transaction.byNumber(Number(row['task']));
  const expired = Number(row['expires_at']) <= transaction.now;
  if (row['state'] !== 'open' || expired || task.state !== 'waiting-approval') {
    const state = row['state'] === 'open' ? 'expired' : String(row['state']);
    throw new DeckhandError('task.illegal-state', `Approval ${id} is ${state} and cannot be ${answer}.`, {
      details: { approval: id, task: task.id, state },
    });
  }
  closeApproval(transaction, id, answer, who);
  transaction.database.run(
    'UPDATE approval SET valid_until = ? + valid_for, choice = ?, note = ? WHERE id = ?',
    transaction.now,
    word.choice ?? null,
    word.note ?? null,
    id,
  );
  if (answer === 'approved') moveTask(transaction, task, 'queued', { reason: `approved by ${who}` });
  else {
    const error = errorRecord('approval.declined', `${who} declined the plan.`, {
      details: { approval: id },
    });
    moveTask(transaction, task, 'cancelled', { error });
  }
  return task.number;
}

function closeApproval(
  transaction: Transaction,
  id: string,
  state: Exclude<Approval['state'], 'open'>,
  who: string | null,
): void {
  transaction.database.run(
    'UPDATE approval SET state = ?, decided_by = ?, decided_at = ? WHERE id = ?',
    state,
    who,
    transaction.now,
    id,
  );
}

/** Fails what waited too long for an answer; gives how many. */
export function expireApprovals(transaction: Transaction): number {
  const due = transaction.database.all(
    "SELECT id, task FROM approval WHERE state = 'open' AND expires_at <= ? ORDER BY number",
    transaction.now,
  );
  for (const row of due) {
    const id = String(row['id']);
    closeApproval(transaction, id, 'expired', null);
    const task = transaction.byNumber(Number(row['task']));
    const error = errorRecord('approval.needed', 'Nobody answered the approval in time.', {
      details: { approval: id },
    });
    moveTask(transaction, task, 'failed', { error });
  }
  return due.length;
}
