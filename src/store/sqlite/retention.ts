import { DeckhandError } from '../../core/deckhand-error.ts';
import { isFinal, TASK_STATES } from '../../core/task-state.ts';
import type { Database } from './database.ts';
import { tallyEnd } from './move-task.ts';
import { readCounts } from './statistics.ts';
import type { TaskRow } from './task-row.ts';
import type { Transaction } from './transaction.ts';

/** Tasks removed in one transaction of a prune: some ten milliseconds, then others have their turn. */
export const PRUNE_CHUNK = 200;

/** Removes ended tasks, all or none; gives how many. Throws `task.unknown`, `task.illegal-state`. */
export function remove(transaction: Transaction, ids: readonly string[]): number {
  const tasks = [...new Set(ids)].map(id => transaction.get(id));
  for (const task of tasks) {
    if (isFinal(task.state)) continue;
    throw new DeckhandError(
      'task.illegal-state',
      `Task ${task.id} is ${task.state}: only ended tasks are removed.`,
      {
        details: { task: task.id, state: task.state },
      },
    );
  }
  for (const task of tasks) removeTask(transaction, task);
  return tasks.length;
}

/** Events, output, steps, approvals, tags and dependencies go with the row. */
function removeTask(transaction: Transaction, task: TaskRow): void {
  transaction.tally('state', task.state, -1);
  if (task.attempt > 1) transaction.tally('retries', 'all', 1 - task.attempt);
  tallyEnd(transaction, task, -1);
  transaction.database.run('DELETE FROM task WHERE number = ?', task.number);
}

/** The oldest ended tasks that a prune removes next; empty when it is done. */
export function nextToPrune(
  database: Database,
  rule: { readonly finishedBefore: number; readonly keep: number },
): readonly string[] {
  const counts = readCounts(database);
  const ended = TASK_STATES.filter(isFinal).reduce((sum, state) => sum + (counts[state] ?? 0), 0);
  const rows = database.all(
    'SELECT id, finished_at FROM task WHERE finished_at IS NOT NULL ORDER BY finished_at, number LIMIT ?',
    PRUNE_CHUNK,
  );
  const surplus = ended - Math.max(0, rule.keep);
  return rows
    .filter((row, index) => index < surplus || Number(row['finished_at']) < rule.finishedBefore)
    .map(row => String(row['id']));
}
