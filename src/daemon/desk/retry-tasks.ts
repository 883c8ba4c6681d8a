import { DeckhandError } from '../../core/deckhand-error.ts';
import { newId } from '../../core/ids.ts';
import { isFinal } from '../../core/task-state.ts';
import type { NewTask, TaskRecord } from '../../core/task.ts';
import type { DeskRequest } from './desk-parts.ts';

/** Whatever of it ended without success, as tasks of a new group. Throws `task.illegal-state` when nothing did. */
export async function retryOf(
  { clock, store, registry, requestId }: DeskRequest,
  id: string,
  members: readonly TaskRecord[],
): Promise<readonly NewTask[]> {
  const old = members.filter(({ state }) => isFinal(state) && state !== 'succeeded');
  if (old.length === 0) {
    throw new DeckhandError('task.illegal-state', `${id}: nothing of it ended without success.`, {
      details: { id },
    });
  }
  const now = clock.now();
  const group = newId('group', now);
  return await Promise.all(
    old.map(async (task): Promise<NewTask> => {
      const kind = registry.kind(task.kind);
      const params = kind.retryParams?.(task.params, task.result) ?? task.params;
      return {
        ...whatItWas(task),
        id: newId('task', now),
        group,
        params: params as NewTask['params'],
        input: await store.input(task.id),
        requestId: requestId(),
        retryOf: task.id,
        idempotencyKey: null,
        dependsOn: [],
        runAfter: null,
      };
    }),
  );
}

type Kept =
  | 'kind'
  | 'host'
  | 'surroundings'
  | 'title'
  | 'category'
  | 'tags'
  | 'priority'
  | 'onLost'
  | 'retry'
  | 'onDependencyFailed';

function whatItWas(task: TaskRecord): Pick<NewTask, Kept> {
  const { kind, host, surroundings, title, category, tags, priority, onLost, retry, onDependencyFailed } =
    task;
  return { kind, host, surroundings, title, category, tags, priority, onLost, retry, onDependencyFailed };
}
