import type { TaskApi, TaskView } from '../api/task-api.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { TASK_STATES, type TaskState } from '../core/task-state.ts';

/** Most tasks that one group shows. */
const MOST = 1000;

/** The task of this id, or all tasks of the group, in the order they were made. Throws `task.unknown`. */
export async function tasksOf(
  tasks: Pick<TaskApi, 'task' | 'tasks'>,
  id: string,
): Promise<readonly TaskView[]> {
  try {
    return [await tasks.task(id)];
  } catch (error) {
    if (!(error instanceof DeckhandError) || error.code !== 'task.unknown') throw error;
    const page = await tasks.tasks({ group: id, limit: MOST });
    if (page.tasks.length === 0) throw error;
    return page.tasks.toReversed();
  }
}

/** `--state a --state b,c` as states. Throws `input.invalid`. */
export function statesOf(texts: readonly string[]): readonly TaskState[] {
  return texts
    .flatMap(text => text.split(','))
    .map(text => {
      const state = TASK_STATES.find(known => known === text.trim());
      if (state) return state;
      throw new DeckhandError(
        'input.invalid',
        `--state: '${text}' is no state; the states are ${TASK_STATES.join(', ')}.`,
      );
    });
}
