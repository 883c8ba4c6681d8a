import type { JSX } from 'react';
import type { TaskRow } from 'deckhand/client';
import { Badge } from '../parts/badge.tsx';
import { ProgressBar } from '../parts/progress-bar.tsx';
import { TASK_LOOKS } from '../parts/states.ts';
import { plainText } from '../parts/words.ts';
import { failuresFirst, type OutputGroup, sameText } from './host-groups.ts';

/** The hosts of a run, failures first; those that said the same are marked. */
export function HostList({
  tasks,
  chosen,
  groups,
  onChoose,
}: {
  readonly tasks: readonly TaskRow[];
  readonly chosen: string | null;
  readonly groups: readonly OutputGroup[] | null;
  readonly onChoose: (task: string) => void;
}): JSX.Element {
  return (
    <section aria-label="servers of this run" className="flex flex-col">
      {groups ? (
        <p className="border-b border-line px-3 py-1.5 text-xs text-muted">output: {sameText(groups)}</p>
      ) : null}
      <ul>
        {failuresFirst(tasks).map(task => (
          <li key={task.id}>
            <button
              type="button"
              data-row={task.id}
              aria-current={task.id === chosen}
              onClick={() => onChoose(task.id)}
              className={`block w-full border-b border-line px-3 py-1.5 text-left ${task.id === chosen ? 'bg-accent-ground' : 'hover:bg-raised'}`}
            >
              <span className="flex items-center justify-between gap-2">
                <span className="truncate font-medium">{plainText(task.host ?? task.title, 80)}</span>
                <Badge look={TASK_LOOKS[task.state]} />
              </span>
              <Detail task={task} groups={groups} />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Detail({
  task,
  groups,
}: {
  readonly task: TaskRow;
  readonly groups: readonly OutputGroup[] | null;
}): JSX.Element | null {
  if (task.error) return <span className="block truncate text-xs text-muted">{task.error.code}</span>;
  if (task.state === 'running' && task.progress)
    return (
      <span className="block">
        <ProgressBar
          done={task.progress.done}
          total={task.progress.total}
          label={`progress of ${plainText(task.host ?? '', 40)}`}
        />
        <span className="block truncate text-xs text-muted">{plainText(task.progress.text, 80)}</span>
      </span>
    );
  const at = groups?.findIndex(group => group.tasks.some(each => each.id === task.id)) ?? -1;
  const group = groups?.[at];
  if (!group || (groups?.length ?? 0) < 2) return null;
  const text = at === 0 && group.tasks.length > 1 ? `same as ${group.tasks.length - 1} more` : 'differs';
  return <span className="block text-xs text-muted">{text}</span>;
}
