import { useEffect, useRef, useState } from 'react';
import { isFinal, type LinePage, type TaskEvent, type TaskRow, type TaskView } from 'deckhand/client';
import { api } from '../engine/api.ts';
import { type Answer, useAnswer } from '../engine/use-answer.ts';
import { useChanges } from '../engine/use-live.ts';
import { knownRun } from '../tasks/known-run.ts';
import { renewed } from '../tasks/task-filter.ts';
import { EventReader } from './event-reader.ts';

const MOST_TASKS = 1000;
/** Events asked for at once. */
const PAGE = 500;
/** Hosts whose outputs are compared. */
const MOST_COMPARED = 64;
const COMPARED_LINES = 200;

/** The tasks of a group, or of the group that a task belongs to; kept true. */
export function useRun(id: string): Answer<readonly TaskRow[]> {
  const read = async (): Promise<readonly TaskRow[]> => {
    const group = id.startsWith('group-') ? id : (await api.task(id)).group;
    return (await api.tasks({ group, limit: MOST_TASKS })).tasks.toReversed();
  };
  const answer = useAnswer(`run ${id}`, read, () => knownRun(id));
  useChanges(change => {
    if (change.item === 'many') answer.reload();
    if (change.item === 'tasks') answer.update(tasks => renewed(tasks, change.tasks));
  });
  return answer;
}

/** All that is known of one task: asked for anew when its state is another. */
export function useTask(task: TaskRow | null): Answer<TaskView | null> {
  const answer = useAnswer(task ? `task ${task.id}` : 'no task', async () =>
    task ? await api.task(task.id) : null,
  );
  const { reload } = answer;
  const shown = answer.value;
  const isOlder =
    task !== null && shown !== null && (shown.state !== task.state || shown.attempt < task.attempt);
  useEffect(() => {
    if (isOlder) reload();
  }, [isOlder, task?.state, task?.attempt, reload]);
  return answer;
}

/** The events of a task, each read once. */
export function useEvents(task: TaskRow | null): readonly TaskEvent[] {
  const [kept, setKept] = useState<{ readonly task: string; readonly events: readonly TaskEvent[] }>({
    task: '',
    events: [],
  });
  const id = task?.id ?? '';
  const reader = useRef<EventReader | null>(null);
  useEffect(() => {
    if (id === '') return undefined;
    const mine = new EventReader(
      async after => await api.events(id, after, PAGE),
      events => setKept({ task: id, events }),
    );
    reader.current = mine;
    return () => mine.close();
  }, [id]);
  const wanted = task?.lastSeq ?? 0;
  useEffect(() => {
    // asked again when the daemon is back
    reader.current?.want(wanted).catch(() => undefined);
  }, [id, wanted]);
  useChanges(change => {
    if (change.item === 'hello') reader.current?.anew().catch(() => undefined);
    else reader.current?.want(wanted).catch(() => undefined);
  });
  return kept.task === id ? kept.events : NO_EVENTS;
}

const NO_EVENTS: readonly TaskEvent[] = [];
const NO_PAGES: ReadonlyMap<string, LinePage> = new Map();

/** The first lines of every host, once all have ended: for comparing them. */
export function useOutputs(tasks: readonly TaskRow[]): ReadonlyMap<string, LinePage> {
  const ready =
    tasks.length > 1 && tasks.length <= MOST_COMPARED && tasks.every(task => isFinal(task.state))
      ? tasks.map(task => task.id).join(' ')
      : '';
  const pages = useAnswer(`outputs ${ready}`, async () => {
    const found = new Map<string, LinePage>();
    for (const id of ready.split(' ').filter(Boolean))
      found.set(id, await api.lines(id, { from: 1, count: COMPARED_LINES, stream: null, search: null }));
    return found;
  });
  return pages.value ?? NO_PAGES;
}
