import type { JSX } from 'react';
import { useParams } from 'wouter';
import { isFinal, type TaskRow } from 'deckhand/client';
import { useAddress } from '../engine/address.ts';
import { useNow } from '../engine/use-live.ts';
import { Badge } from '../parts/badge.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Fault } from '../parts/fault.tsx';
import { ScreenFrame } from '../parts/screen.tsx';
import { TASK_LOOKS } from '../parts/states.ts';
import { durationText, plainText } from '../parts/words.ts';
import { groupRows } from '../tasks/group-rows.ts';
import { DuplicateButton } from '../tasks/duplicate-button.tsx';
import { SteerButtons } from '../tasks/steer-buttons.tsx';
import { countsText, GroupProgress } from '../tasks/task-columns.tsx';
import { failuresFirst, outputGroups } from './host-groups.ts';
import { HostList } from './host-list.tsx';
import { ReportMenu } from './report-menu.tsx';
import { TaskPane } from './task-pane.tsx';
import { useOutputs, useRun } from './use-run.ts';

/** What was submitted together: how it stands, on which servers, and what each said. */
export default function RunScreen(): JSX.Element {
  const { id } = useParams<{ id: string }>();
  const [address, change] = useAddress();
  const run = useRun(id);
  const tasks = run.value ?? [];
  const groups = outputGroups(tasks, useOutputs(tasks));
  const asked = address.get('task') ?? (id.startsWith('task-') ? id : null);
  const chosen = tasks.find(task => task.id === asked) ?? failuresFirst(tasks)[0] ?? null;
  if (run.error && tasks.length === 0)
    return (
      <div className="p-4">
        <h1 className="sr-only">Run</h1>
        <Fault error={run.error} />
      </div>
    );
  if (run.value?.length === 0) return <EmptyState title="There is no such run." />;
  return (
    <ScreenFrame
      title={plainText(chosen?.title ?? '…', 200)}
      actions={tasks.length === 0 ? null : <Verdict tasks={tasks} />}
    >
      <div className="flex h-full flex-col md:flex-row">
        {tasks.length > 1 ? (
          <div className="max-h-48 shrink-0 overflow-auto border-line md:max-h-none md:w-72 md:border-r">
            <HostList
              tasks={tasks}
              chosen={chosen?.id ?? null}
              groups={groups}
              onChoose={task => change({ task, line: null })}
            />
          </div>
        ) : null}
        <div className="min-h-0 min-w-0 flex-1">{chosen ? <TaskPane task={chosen} /> : null}</div>
      </div>
    </ScreenFrame>
  );
}

function Verdict({ tasks }: { readonly tasks: readonly TaskRow[] }): JSX.Element | null {
  const now = useNow(1000);
  const [row] = groupRows(tasks);
  if (!row) return null;
  const { startedAt, finishedAt, counts, group } = row;
  return (
    <>
      <span data-verdict={row.state}>
        <Badge look={TASK_LOOKS[row.state]} />
      </span>
      {tasks.length > 1 ? <span className="text-xs text-muted">{countsText(counts)}</span> : null}
      {startedAt === null ? null : <span>{durationText((finishedAt ?? now) - startedAt)}</span>}
      <GroupProgress row={row} now={now} />
      <SteerButtons tasks={tasks} ids={[group]} />
      <DuplicateButton tasks={tasks} />
      {tasks.length === 1 && tasks[0]?.kind === 'agent.run' ? <ReportMenu task={tasks[0].id} /> : null}
      <CopyButton label="copy as CLI" text={commandOf(tasks)} />
    </>
  );
}

function commandOf(tasks: readonly TaskRow[]): string {
  const [only] = tasks;
  if (tasks.length === 1 && only) return `deckhand task show ${only.id}`;
  return tasks.every(task => isFinal(task.state))
    ? `deckhand task show ${only?.group ?? ''}`
    : `deckhand task logs -f ${only?.group ?? ''}`;
}
