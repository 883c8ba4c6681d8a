import { errorOfTask, toExecHostResult } from '../api/over-tasks/task-results.ts';
import { toTransferHostResult } from '../api/over-tasks/transfers.ts';
import type { TaskView } from '../api/task-api.ts';
import { EXIT } from '../core/error-table.ts';
import { combineExits, exitCodeOfError, exitCodeOfExec } from './exit-code.ts';
import { exitCodeOfTransfers } from './exit-of-transfers.ts';

/** Kinds that give a `TransferResult`. */
export const MOVES: readonly string[] = ['scp.upload', 'scp.download', 'scp.sync', 'scp.copy'];

/** The exit code of tasks that have ended: of one command its remote exit code, else by their errors. */
export function exitCodeOfTasks(tasks: readonly TaskView[]): number {
  if (tasks.length === 0) return EXIT.failed;
  if (tasks.every(task => task.kind === 'ssh.execute'))
    return exitCodeOfExec({ results: tasks.map(task => toExecHostResult(task)) });
  if (tasks.every(task => MOVES.includes(task.kind)))
    return exitCodeOfTransfers(tasks.map(task => toTransferHostResult({ task, error: errorOfTask(task) })));
  return combineExits(
    tasks.map(task => {
      if (task.state === 'succeeded') return null;
      const error = errorOfTask(task);
      return error ? exitCodeOfError(error) : EXIT.failed;
    }),
  );
}
