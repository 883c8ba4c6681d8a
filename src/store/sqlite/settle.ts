import type { Settlement } from '../store.ts';
import { cancelTask, moveTask } from './move-task.ts';
import type { TaskRow } from './task-row.ts';
import type { Transaction } from './transaction.ts';

/** Ends a claim. The caller has checked that it is the task's present one. */
export function settleClaim(transaction: Transaction, task: TaskRow, settlement: Settlement): void {
  switch (settlement.to) {
    case 'succeeded':
      return moveTask(transaction, task, 'succeeded', { result: settlement.result });
    case 'failed':
    case 'cancelled':
    case 'lost':
      return moveTask(transaction, task, settlement.to, {
        error: settlement.error,
        ...(settlement.result && { result: settlement.result }),
      });
    case 'repeat':
      return repeat(transaction, task, settlement);
    case 'delayed':
      task.runAfter = settlement.at;
      return goOn(transaction, task, 'delayed', settlement);
    case 'queued':
      task.crashes = settlement.crashed ? task.crashes + 1 : 0;
      transaction.event(task, { kind: 'claim-lost', claim: task.claim, reason: settlement.reason });
      return goOn(transaction, task, 'queued', settlement);
    case 'paused':
      return goOn(transaction, task, 'paused', {});
    case 'waiting-approval':
      return askApproval(transaction, task, settlement);
  }
}

/** The attempt failed: what it began is over, and the next one begins anew. */
function repeat(
  transaction: Transaction,
  task: TaskRow,
  { at, error }: Extract<Settlement, { to: 'repeat' }>,
): void {
  transaction.event(task, { kind: 'attempt-failed', error, nextAt: at });
  task.attempt += 1;
  task.begun = false;
  task.progress = null;
  task.stdoutLength = 0;
  task.stderrLength = 0;
  task.runAfter = at;
  transaction.tally('retries', 'all', 1);
  goOn(transaction, task, 'delayed', { reason: 'another attempt', error });
}

/** The attempt is not over; a wish to cancel or pause that came meanwhile is heard now. */
function goOn(
  transaction: Transaction,
  task: TaskRow,
  to: 'delayed' | 'queued' | 'paused',
  {
    reason,
    error,
    cancelling,
  }: Pick<Extract<Settlement, { to: 'delayed' }>, 'error' | 'cancelling'> & { readonly reason?: string },
): void {
  if (cancelling !== true && heardCancel(transaction, task)) return;
  const paused = task.pauseAsked && !task.begun;
  if (paused || to === 'paused') task.pauseAsked = false;
  moveTask(transaction, task, paused ? 'paused' : to, {
    ...(reason !== undefined && { reason }),
    ...(error && { error }),
  });
}

/** What has begun on a host is cancelled there, by the next claim, with proof; anything else right here. */
function heardCancel(transaction: Transaction, task: TaskRow): boolean {
  if (task.cancelAsked === 'no') return false;
  if (task.begun) moveTask(transaction, task, 'queued', { reason: 'to be cancelled on its host' });
  else cancelTask(transaction, task);
  return true;
}

function askApproval(
  transaction: Transaction,
  task: TaskRow,
  { approval }: Extract<Settlement, { to: 'waiting-approval' }>,
): void {
  if (heardCancel(transaction, task)) return;
  transaction.database.run(
    `INSERT INTO approval (id, task, hash, title, state, asked_at, expires_at, kind, about, uses, valid_for)
     VALUES (?, ?, ?, ?, 'open', ?, ?, ?, ?, ?, ?)`,
    approval.id,
    task.number,
    approval.hash,
    approval.title,
    transaction.now,
    approval.expiresAt,
    approval.kind,
    JSON.stringify(approval.about),
    approval.uses,
    approval.validFor,
  );
  task.pauseAsked = false;
  moveTask(transaction, task, 'waiting-approval', { reason: approval.title });
}
