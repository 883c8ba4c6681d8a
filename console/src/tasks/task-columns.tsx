import type { JSX } from 'react';
import { isFinal, type QueueLimits, type TaskState } from 'deckhand/client';
import { Badge } from '../parts/badge.tsx';
import { ProgressBar } from '../parts/progress-bar.tsx';
import { TASK_LOOKS } from '../parts/states.ts';
import type { Column } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { countText, durationText, plainText } from '../parts/words.ts';
import { type GroupRow, progressOf, timeLeft, waitingReason } from './group-rows.ts';

/** The columns of the list of tasks. */
export function columnsOf(limits: QueueLimits | null, now: number): readonly Column<GroupRow>[] {
  return [
    { title: 'what', grows: true, render: row => plainText(row.title) },
    { title: 'state', render: row => <StateCell row={row} limits={limits} now={now} /> },
    { title: 'where', wide: true, render: row => <Where hosts={row.hosts} /> },
    { title: 'progress', wide: true, render: row => <GroupProgress row={row} now={now} /> },
    { title: 'kind', wide: true, render: row => <span className="text-muted">{row.kind}</span> },
    { title: 'who', wide: true, render: row => row.who },
    { title: 'took', wide: true, render: row => tookText(row, now) },
    { title: 'when', render: row => <When time={row.createdAt} /> },
  ];
}

function Where({ hosts }: { readonly hosts: readonly string[] }): JSX.Element {
  const [only] = hosts;
  if (hosts.length === 1 && only !== undefined)
    return <span className="whitespace-nowrap">{plainText(only, 40)}</span>;
  return (
    <span title={plainText(hosts.join(' '), 2000)}>
      {hosts.length === 0 ? '–' : countText(hosts.length, 'server')}
    </span>
  );
}

function StateCell({
  row,
  limits,
  now,
}: {
  readonly row: GroupRow;
  readonly limits: QueueLimits | null;
  readonly now: number;
}): JSX.Element {
  const waiting = row.tasks.find(task => task.state === row.state);
  const reason = waiting ? waitingReason(waiting, limits, runningOf(row), now) : null;
  const failed = row.tasks.find(task => task.error !== null && isFinal(task.state));
  return (
    <div>
      <Badge look={TASK_LOOKS[row.state]} />
      <div className="max-w-56 truncate text-xs text-muted">
        {row.tasks.length > 1 ? countsText(row.counts) : (reason ?? failed?.error?.code ?? '')}
      </div>
    </div>
  );
}

function runningOf(row: GroupRow): ReadonlyMap<string, number> {
  const running = new Map<string, number>();
  for (const { state, host } of row.tasks)
    if (state === 'running') running.set(host ?? '', (running.get(host ?? '') ?? 0) + 1);
  return running;
}

/** `3 failed · 8 succeeded`. */
export function countsText(counts: GroupRow['counts']): string {
  return Object.entries(counts)
    .map(([state, count]) => `${count} ${TASK_LOOKS[state as TaskState].word}`)
    .join(' · ');
}

/** A bar while it goes on, with what is left of the time. */
export function GroupProgress({
  row,
  now,
}: {
  readonly row: Pick<GroupRow, 'tasks' | 'startedAt' | 'finishedAt' | 'title'>;
  readonly now: number;
}): JSX.Element | null {
  if (row.finishedAt !== null || row.startedAt === null) return null;
  const share = progressOf(row.tasks);
  const left = timeLeft(row, now);
  return (
    <div className="w-36">
      <ProgressBar
        done={share ?? 0}
        total={share === null ? null : 1}
        label={`progress of ${plainText(row.title, 80)}`}
      />
      <div className="truncate text-xs text-muted">
        {share === null ? '' : `${Math.floor(share * 100)} %`}
        {left === null ? '' : ` · ${durationText(left)} left`}
      </div>
    </div>
  );
}

function tookText({ startedAt, finishedAt }: GroupRow, now: number): string {
  return startedAt === null ? '' : durationText((finishedAt ?? now) - startedAt);
}
