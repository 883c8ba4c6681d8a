import { isFinal, type QueueLimits, type TaskRow, type TaskState } from 'deckhand/client';

/** What was submitted together, as one row. Pure. */
export interface GroupRow {
  readonly group: string;
  readonly title: string;
  readonly kind: string;
  readonly who: 'you' | 'agent' | 'schedule';
  readonly hosts: readonly string[];
  /** Newest first, as they came. */
  readonly tasks: readonly TaskRow[];
  /** What a person should know of first. */
  readonly state: TaskState;
  readonly counts: Readonly<Partial<Record<TaskState, number>>>;
  readonly createdAt: number;
  readonly startedAt: number | null;
  /** Null while anything of it goes on. */
  readonly finishedAt: number | null;
}

/** Whatever needs a person goes first, then what goes on, then how it ended. */
const GRAVITY: readonly TaskState[] = [
  'waiting-approval',
  'running',
  'paused',
  'queued',
  'delayed',
  'blocked',
  'lost',
  'failed',
  'cancelled',
  'skipped',
  'succeeded',
];

/** Newest first; tasks of one group in one row, whose name is the first task's. */
export function groupRows(tasks: readonly TaskRow[]): readonly GroupRow[] {
  const groups = Map.groupBy(tasks, task => task.group);
  return [...groups.values()]
    .map(rowOf)
    .toSorted((a, b) => b.createdAt - a.createdAt || (a.group < b.group ? 1 : -1));
}

function rowOf(tasks: readonly TaskRow[]): GroupRow {
  const first = tasks[0];
  if (!first) throw new RangeError('A group has a task.');
  const counts: Partial<Record<TaskState, number>> = {};
  for (const { state } of tasks) counts[state] = (counts[state] ?? 0) + 1;
  const started = tasks.map(task => task.startedAt).filter(time => time !== null);
  const isOver = tasks.every(task => isFinal(task.state));
  return {
    group: first.group,
    title: first.title,
    kind: first.kind,
    who: whoOf(first),
    hosts: tasks.map(task => task.host).filter(host => host !== null),
    tasks,
    state: GRAVITY.find(state => counts[state] !== undefined) ?? first.state,
    counts,
    createdAt: Math.min(...tasks.map(task => task.createdAt)),
    startedAt: started.length === 0 ? null : Math.min(...started),
    finishedAt: isOver ? Math.max(...tasks.map(task => task.finishedAt ?? 0)) : null,
  };
}

function whoOf({ kind, idempotencyKey }: TaskRow): GroupRow['who'] {
  if (idempotencyKey?.startsWith('schedule-') === true) return 'schedule';
  return kind === 'agent.run' ? 'agent' : 'you';
}

/** A share of the whole: ended tasks, and what running ones report. Null where nothing is known. */
export function progressOf(tasks: readonly TaskRow[]): number | null {
  if (!tasks.some(task => isFinal(task.state) || task.progress?.total)) return null;
  const shares = tasks.map(({ state, progress }): number => {
    if (isFinal(state)) return 1;
    return progress?.total ? Math.min(1, progress.done / progress.total) : 0;
  });
  return shares.reduce((sum, share) => sum + share, 0) / tasks.length;
}

/** Milliseconds until it is done, if it goes on as it did; null = too early to say. */
export function timeLeft(
  row: Pick<GroupRow, 'tasks' | 'startedAt' | 'finishedAt'>,
  now: number,
): number | null {
  const share = progressOf(row.tasks);
  if (share === null || share < 0.02 || row.startedAt === null || row.finishedAt !== null) return null;
  return ((now - row.startedAt) * (1 - share)) / share;
}

/** Why a task does not run, in words; null = it does, or it is over. */
export function waitingReason(
  task: TaskRow,
  limits: QueueLimits | null,
  running: ReadonlyMap<string, number>,
  now: number,
): string | null {
  if (task.state === 'blocked')
    return `after ${task.dependsOn.length === 1 ? 'another task' : 'other tasks'}`;
  if (task.state === 'waiting-approval') return 'a person must say yes';
  if (task.state === 'delayed') {
    const why = task.error ? ` after ${task.error.code}` : '';
    return `${Math.max(0, Math.ceil((task.runAfter - now) / 1000))} s more${why}`;
  }
  if (task.state !== 'queued' || !limits) return null;
  const most = task.host === null ? null : (limits.hosts[task.host] ?? limits.perHost);
  const there = running.get(task.host ?? '') ?? 0;
  if (most !== null && there >= most) return `${task.host}: ${there}/${most} running`;
  const all = [...running.values()].reduce((sum, count) => sum + count, 0);
  return all >= limits.total ? `${all}/${limits.total} running in all` : null;
}
