import { useEffect, useState } from 'react';
import { isFinal, type LinePage, type TaskEvent, type TaskRow, type TaskView } from 'deckhand/client';
import { api } from '../engine/api.ts';
import { type Answer, useAnswer } from '../engine/use-answer.ts';
import { useChanges } from '../engine/use-live.ts';

const MOST_TASKS = 1000;
/** Events asked for at once. */
const PAGE = 500;
/** Hosts whose outputs are compared. */
const MOST_COMPARED = 64;
const COMPARED_LINES = 200;

/** The tasks of a group, or of the group that a task belongs to; kept true. */
export function useRun(id: string): Answer<readonly TaskRow[]> {
  const answer = useAnswer<readonly TaskRow[]>(`run ${id}`, async () => {
    const group = id.startsWith('group-') ? id : (await api.task(id)).group;
    return (await api.tasks({ group, limit: MOST_TASKS })).tasks.toReversed();
  });
  useChanges(change => {
    if (change.item === 'many') answer.reload();
    if (change.item !== 'tasks') return;
    const news = new Map(change.tasks.map(task => [task.id, task]));
    answer.update(tasks =>
      tasks.some(task => news.has(task.id)) ? tasks.map(task => news.get(task.id) ?? task) : tasks,
    );
  });
  return answer;
}

/** All that is known of one task: asked for anew when it ends. */
export function useTask(task: TaskRow | null): Answer<TaskView | null> {
  const key = task ? `task ${task.id} ${task.state} ${task.attempt}` : 'no task';
  return useAnswer(key, async () => (task ? await api.task(task.id) : null));
}

/** The events of a task, each read once. */
export function useEvents(task: TaskRow | null): readonly TaskEvent[] {
  const [kept, setKept] = useState<{ readonly task: string; readonly events: readonly TaskEvent[] }>({
    task: '',
    events: [],
  });
  const id = task?.id ?? '';
  const wanted = task?.lastSeq ?? 0;
  const events = kept.task === id ? kept.events : [];
  const have = events.at(-1)?.seq ?? 0;
  useEffect(() => {
    if (id === '' || have >= wanted) return undefined;
    let isWanted = true;
    const read = async (): Promise<void> => {
      const more = await api.events(id, have, PAGE);
      if (isWanted && more.length > 0)
        setKept(old => ({ task: id, events: [...(old.task === id ? old.events : []), ...more] }));
    };
    read().catch(() => undefined);
    return () => {
      isWanted = false;
    };
  }, [id, have, wanted]);
  return events;
}

/** The first lines of every host, once all have ended: for comparing them. */
export function useOutputs(tasks: readonly TaskRow[]): ReadonlyMap<string, LinePage> {
  const [pages, setPages] = useState<ReadonlyMap<string, LinePage>>(new Map());
  const ready =
    tasks.length > 1 && tasks.length <= MOST_COMPARED && tasks.every(task => isFinal(task.state))
      ? tasks.map(task => task.id).join(' ')
      : '';
  useEffect(() => {
    let isWanted = true;
    const read = async (): Promise<void> => {
      const found = new Map<string, LinePage>();
      for (const id of ready.split(' ').filter(Boolean)) {
        if (!isWanted) return;
        found.set(id, await api.lines(id, { from: 1, count: COMPARED_LINES, stream: null, search: null }));
      }
      if (isWanted) setPages(found);
    };
    read().catch(() => undefined);
    return () => {
      isWanted = false;
    };
  }, [ready]);
  return pages;
}
