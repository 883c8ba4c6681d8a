import { isFinal, type TaskRow, toDeckhandError } from 'deckhand/client';
import { api } from '../engine/api.ts';
import { notice } from '../parts/notice.ts';
import { countText } from '../parts/words.ts';

/** What a person may do with tasks or groups, and which of it makes sense. */
export type Verb = 'cancel' | 'pause' | 'resume' | 'retry';

export function sensible(tasks: readonly TaskRow[]): readonly Verb[] {
  const some = (...states: readonly TaskRow['state'][]): boolean =>
    tasks.some(task => states.includes(task.state));
  const verbs: Verb[] = [];
  if (tasks.some(task => !isFinal(task.state))) verbs.push('cancel');
  if (some('running', 'queued', 'delayed')) verbs.push('pause');
  if (some('paused') || tasks.some(task => task.pauseAsked)) verbs.push('resume');
  if (some('failed', 'cancelled', 'lost', 'skipped')) verbs.push('retry');
  return verbs;
}

const DONE: Readonly<Record<Verb, string>> = {
  cancel: 'is being cancelled',
  pause: 'pauses',
  resume: 'goes on',
  retry: 'is tried again',
};

/** Says in the status line what became of it. Gives the new group of a retry. */
export async function steer(verb: Verb, ids: readonly string[]): Promise<string | null> {
  let group: string | null = null;
  let done = 0;
  for (const id of ids) {
    try {
      if (verb === 'cancel') await api.cancel(id, false);
      else if (verb === 'retry') ({ group } = await api.retry(id));
      else await api[verb](id);
      done += 1;
    } catch (error) {
      notice.say(toDeckhandError(error).message);
    }
  }
  if (done > 0) notice.say(`${countText(done, 'submission')} ${DONE[verb]}.`);
  return group;
}
