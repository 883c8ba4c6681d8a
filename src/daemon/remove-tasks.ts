import type { RemoveRequest } from '../api/task-api.ts';
import type { Clock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { FINAL_STATES, isFinal } from '../core/task-state.ts';
import type { TaskRecord } from '../core/task.ts';
import type { Queue } from '../queue/queue.ts';
import type { Store } from '../store/store.ts';

interface Place {
  readonly store: Store;
  readonly queue: Queue;
  readonly clock: Clock;
}

const PAGE = 1000;
/** Milliseconds between two looks at a task that is being cancelled. */
const LOOK = 50;

/** Removes what the request chooses, or says how many it would be. Throws `task.illegal-state` for work in progress. */
export async function removeTasks(request: RemoveRequest, place: Place): Promise<number> {
  const { tasks, states, olderThan } = request;
  if (tasks === undefined && states === undefined && olderThan === undefined) {
    throw new DeckhandError('input.invalid', 'tasks: choose tasks, states or an age; nothing was removed.', {
      details: { field: 'tasks' },
    });
  }
  const chosen = tasks ? await named(tasks, request, place) : await filtered(request, place);
  if (request.dryRun) return chosen.length;
  const working = chosen.filter(({ state }) => !isFinal(state));
  if (working.length > 0) {
    if (request.force !== true) {
      const [first] = working;
      throw new DeckhandError(
        'task.illegal-state',
        `${working.length} of ${chosen.length} tasks have not ended (${first?.id} is ${first?.state}); nothing was removed.`,
        {
          details: { tasks: working.slice(0, 20).map(({ id }) => id) },
          hint: 'Cancel them first, or pass --force.',
        },
      );
    }
    await Promise.all(working.map(async task => await cancelByForce(task, place)));
  }
  let count = 0;
  for (let from = 0; from < chosen.length; from += PAGE)
    count += await place.store.remove(chosen.slice(from, from + PAGE).map(({ id }) => id));
  return count;
}

async function named(
  ids: readonly string[],
  { states, olderThan }: RemoveRequest,
  { store, clock }: Place,
): Promise<readonly TaskRecord[]> {
  const before = olderThan === undefined ? undefined : clock.now() - olderThan;
  const found: TaskRecord[] = [];
  for (const id of ids) {
    const task = await store.task(id);
    const fits = states === undefined || states.includes(task.state);
    const old = before === undefined || (task.finishedAt !== null && task.finishedAt < before);
    if (fits && old) found.push(task);
  }
  return found;
}

async function filtered(
  { states = FINAL_STATES, olderThan }: RemoveRequest,
  { store, clock }: Place,
): Promise<readonly TaskRecord[]> {
  const filter = { states, ...(olderThan === undefined ? {} : { finishedBefore: clock.now() - olderThan }) };
  const found: TaskRecord[] = [];
  let cursor: string | null = null;
  do {
    const page = await store.tasks(filter, { limit: PAGE, ...(cursor === null ? {} : { cursor }) });
    found.push(...page.tasks);
    cursor = page.next;
  } while (cursor !== null);
  return found;
}

async function cancelByForce(task: TaskRecord, { store, queue, clock }: Place): Promise<void> {
  let now = await queue.control(task.id, { action: 'cancel', force: true });
  while (!isFinal(now.state)) {
    await clock.sleep(LOOK);
    now = await store.task(task.id);
  }
}
