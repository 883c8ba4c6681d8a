import { DeckhandError } from '../../core/deckhand-error.ts';
import type { TaskRecord } from '../../core/task.ts';
import type { DeskParts } from './desk-parts.ts';

const PAGE = 1000;

/** A task, or all tasks of a group, oldest first. Throws `task.unknown`. */
export async function membersOf(
  { store }: Pick<DeskParts, 'store'>,
  id: string,
): Promise<readonly TaskRecord[]> {
  if (!id.startsWith('group-')) return [await store.task(id)];
  const members: TaskRecord[] = [];
  let cursor: string | null = null;
  do {
    const page = await store.tasks({ group: id }, { limit: PAGE, ...(cursor === null ? {} : { cursor }) });
    members.push(...page.tasks);
    cursor = page.next;
  } while (cursor !== null);
  if (members.length === 0)
    throw new DeckhandError('task.unknown', `There is no task or group '${id}'.`, { details: { id } });
  return members.toReversed();
}
