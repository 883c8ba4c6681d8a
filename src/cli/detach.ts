import type { Submitted } from '../api/task-api.ts';
import { EXIT } from '../core/error-table.ts';
import type { TaskSession } from './task-session.ts';

/** The daemon has the work: prints the ids of the tasks, one a line, and how to see them. Gives the exit code. */
export function detached(session: Pick<TaskSession, 'result' | 'say'>, submitted: Submitted): number {
  const { group, tasks, existed } = submitted;
  if (existed) session.say('this key is known: nothing new is begun');
  const [only] = tasks;
  session.say(`to see it: deckhand task logs -f ${tasks.length === 1 && only ? only.id : group}`);
  session.result(submitted, () => tasks.map(task => `${task.id}\n`).join(''));
  return EXIT.ok;
}
