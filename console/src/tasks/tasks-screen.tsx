import { type JSX, useState } from 'react';
import { useLocation } from 'wouter';
import { TASK_STATES } from 'deckhand/client';
import { useAddress } from '../engine/address.ts';
import { api, HERE } from '../engine/api.ts';
import { useAnswer } from '../engine/use-answer.ts';
import { useNow } from '../engine/use-live.ts';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Fault } from '../parts/fault.tsx';
import { Choices, SearchField } from '../parts/field.tsx';
import { ScreenFrame } from '../parts/screen.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { TASK_LOOKS } from '../parts/states.ts';
import { Table } from '../parts/table.tsx';
import { shellWord } from '../parts/words.ts';
import { type GroupRow, groupRows } from './group-rows.ts';
import { tellRun } from './known-run.ts';
import { DuplicateButton } from './duplicate-button.tsx';
import { SteerButtons } from './steer-buttons.tsx';
import { columnsOf } from './task-columns.tsx';
import { choicesOf, filterOf, fits, isEmpty, type TaskFilter, USUAL_KINDS } from './task-filter.ts';
import { useTasks } from './use-tasks.ts';

const PAGE = 300;
const STATES = [
  ['', 'every state'],
  ...TASK_STATES.map(state => [state, TASK_LOOKS[state].word] as const),
] as const;

/** All that was, is and will be done. */
export default function TasksScreen(): JSX.Element {
  const [address, change] = useAddress();
  const [, navigate] = useLocation();
  const [limit, setLimit] = useState(PAGE);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const filter = filterOf(address);
  const list = useTasks(filter, limit);
  const limits = useAnswer('limits', () => api.limits());
  const fleet = useAnswer('hosts', async () => await api.listHosts(HERE, null));
  const listed = list.value?.tasks ?? [];
  const kinds = choicesOf('every kind', [...USUAL_KINDS, ...listed.map(task => task.kind)], filter.kind);
  const hosts = choicesOf(
    'every server',
    (fleet.value ?? []).map(({ name }) => name),
    filter.host,
  );
  const now = useNow(1000);
  const rows = groupRows(listed.filter(task => fits(task, filter)));
  const open = ({ group, tasks }: GroupRow): void => {
    // a filter, or the end of the list, may hide some of its tasks
    const isWhole = isEmpty(filter) && (list.value?.next === null || group !== rows.at(-1)?.group);
    if (isWhole) tellRun(group, tasks.toReversed());
    navigate(`/runs/${group}`);
  };
  const chosenRows = rows.filter(row => chosen.has(row.group));
  return (
    <ScreenFrame
      title="Tasks"
      actions={
        <>
          <SearchField label="filter" value={filter.text} onChange={text => change({ text })} />
          <Choices
            label="state"
            value={filter.state ?? ''}
            options={STATES}
            onChange={event => change({ state: event.target.value })}
          />
          <Choices
            label="kind"
            value={filter.kind}
            options={kinds}
            onChange={event => change({ kind: event.target.value })}
          />
          <Choices
            label="server"
            value={filter.host}
            options={hosts}
            onChange={event => change({ host: event.target.value })}
          />
          <CopyButton label="copy as CLI" text={commandOf(filter)} />
        </>
      }
    >
      {list.error ? <Fault error={list.error} /> : null}
      {chosenRows.length === 0 ? null : (
        <div className="sticky top-0 z-10 flex flex-wrap items-center gap-2 border-b border-line bg-accent-ground px-4 py-1.5">
          {chosenRows.length} chosen
          <SteerButtons tasks={chosenRows.flatMap(row => row.tasks)} ids={chosenRows.map(row => row.group)} />
          {chosenRows.length === 1 ? <DuplicateButton tasks={chosenRows.flatMap(row => row.tasks)} /> : null}
        </div>
      )}
      {rows.length > 0 ? (
        <Table
          label="tasks"
          columns={columnsOf(limits.value, now)}
          rows={rows}
          keyOf={row => row.group}
          nameOf={row => row.title}
          onOpen={open}
          choice={{ chosen, onChange: setChosen }}
        />
      ) : list.value === null ? (
        <Skeleton error={list.error} />
      ) : (
        <NoTasks isFiltered={!isEmpty(filter)} onClear={() => navigate('/tasks')} />
      )}
      {list.value !== null && list.value.next !== null ? (
        <p className="p-4 text-center">
          <Button onClick={() => setLimit(limit + PAGE)} busy={list.asking}>
            Show older tasks
          </Button>
        </p>
      ) : null}
    </ScreenFrame>
  );
}

function NoTasks({
  isFiltered,
  onClear,
}: {
  readonly isFiltered: boolean;
  readonly onClear: () => void;
}): JSX.Element {
  if (isFiltered)
    return (
      <EmptyState title="No task is like that.">
        <Button onClick={onClear}>Clear the filters</Button>
      </EmptyState>
    );
  return (
    <EmptyState title="Nothing was done yet.">
      <p>Choose servers and run something on them, or try it on the command line:</p>
      <p>
        <code className="font-mono text-text">deckhand exec all -- uptime</code>
      </p>
    </EmptyState>
  );
}

function commandOf({ state, kind, host }: TaskFilter): string {
  const flags = [
    ['--state', state ?? ''],
    ['--kind', kind],
    ['--host', host],
  ].flatMap(([flag = '', value = '']) => (value === '' ? [] : [flag, shellWord(value)]));
  return ['deckhand task list', ...flags].join(' ');
}
