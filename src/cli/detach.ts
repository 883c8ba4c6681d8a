import type { Submission } from '../api/task-api.ts';
import { EXIT } from '../core/error-table.ts';
import type { EngineSession } from './engine-session.ts';

/** `--detach`: hands the work to the daemon, prints the ids of the tasks (one a line) and leaves. */
export async function detach(
  session: Pick<EngineSession, 'tasks' | 'result' | 'say'>,
  submission: Submission,
): Promise<number> {
  const submitted = await session.tasks.submit(submission);
  const { group, tasks, existed } = submitted;
  if (existed) session.say('this key is known: nothing new is begun');
  const [only] = tasks;
  session.say(`to see it: deckhand task logs -f ${tasks.length === 1 && only ? only.id : group}`);
  session.result(submitted, () => tasks.map(task => `${task.id}\n`).join(''));
  return EXIT.ok;
}
