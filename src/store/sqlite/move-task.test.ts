import { expect, it } from 'vitest';
import { isFinal, mayBecome, TASK_STATES } from '../../core/task-state.ts';
import { NOON, sampleTask } from '../../../test/store/sample-task.ts';
import { Database } from './database.ts';
import { moveTask } from './move-task.ts';
import { submit } from './submit.ts';
import { Transaction } from './transaction.ts';

it('no state becomes another against the table of moves', () => {
  const database = new Database(':memory:');
  const transaction = new Transaction(database, NOON);
  for (const from of TASK_STATES) {
    for (const to of TASK_STATES) {
      const [kept] = submit(transaction, [sampleTask()]);
      const task = transaction.byNumber(kept?.number ?? 0);
      task.state = from;
      const before = { ...task };
      if (mayBecome(from, to)) {
        moveTask(transaction, task, to);
        expect(task).toMatchObject({ state: to, lastSeq: 2, finishedAt: isFinal(to) ? NOON : null });
      } else {
        expect(() => moveTask(transaction, task, to)).toThrow(`is ${from} and cannot become ${to}`);
        expect(task).toEqual(before);
      }
    }
  }
  database.close();
});
