import { useRef } from 'react';
import type { TaskRow } from 'deckhand/client';
import { api } from '../engine/api.ts';
import { useAnswer, type Answer } from '../engine/use-answer.ts';
import { useChanges } from '../engine/use-live.ts';
import { merged, queryOf, type TaskFilter } from './task-filter.ts';

export interface TaskList {
  readonly tasks: readonly TaskRow[];
  readonly next: string | null;
}

/** Milliseconds between two readings when more changes than are told one by one. */
const PAUSE = 1000;

/** The newest tasks that fit, kept true by every change. */
export function useTasks(filter: TaskFilter, limit: number): Answer<TaskList> {
  const query = queryOf(filter);
  const answer = useAnswer<TaskList>(`tasks ${JSON.stringify(query)} ${limit}`, () =>
    api.tasks({ ...query, limit }),
  );
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useChanges(change => {
    if (change.item === 'tasks')
      answer.update(list => ({ ...list, tasks: merged(list.tasks, change.tasks, filter).slice(0, limit) }));
    else if (change.item === 'many') {
      timer.current ??= setTimeout(() => {
        timer.current = null;
        answer.reload();
      }, PAUSE);
    }
  });
  return answer;
}
