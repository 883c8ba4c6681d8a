import type { JSX } from 'react';
import { useLocation } from 'wouter';
import type { TaskRow } from 'deckhand/client';
import { useAddress } from '../engine/address.ts';
import { useNow } from '../engine/use-live.ts';
import { Badge } from '../parts/badge.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Fault } from '../parts/fault.tsx';
import { ScreenFrame } from '../parts/screen.tsx';
import { TASK_LOOKS } from '../parts/states.ts';
import { type Column, Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { durationText, plainText } from '../parts/words.ts';
import { filterOf } from '../tasks/task-filter.ts';
import { useTasks } from '../tasks/use-tasks.ts';
import { IntentForm } from './intent-form.tsx';

const PAGE = 100;
const ONLY_RUNS = new URLSearchParams({ kind: 'agent.run' });

/** Say what you want; and all that was wanted before. */
export default function AgentScreen(): JSX.Element {
  const [address] = useAddress();
  const [, navigate] = useLocation();
  const now = useNow(1000);
  const runs = useTasks(filterOf(ONLY_RUNS), PAGE);
  return (
    <ScreenFrame title="Agent">
      <IntentForm
        // another request that is led here is another form
        key={address.toString()}
        intent={address.get('intent') ?? ''}
        hosts={address.get('hosts') ?? ''}
        policy={address.get('policy') ?? ''}
      />
      {runs.error ? <Fault error={runs.error} /> : null}
      {runs.value?.tasks.length === 0 ? (
        <EmptyState title="Nothing was asked for yet.">
          <p>It plans, shows you exactly what would run, asks, does it, and proves it on the server.</p>
        </EmptyState>
      ) : (
        <Table
          label="runs"
          columns={columnsOf(now)}
          rows={runs.value?.tasks ?? []}
          keyOf={({ id }) => id}
          nameOf={({ title }) => title}
          onOpen={({ id }) => navigate(`/agent/${id}`)}
        />
      )}
    </ScreenFrame>
  );
}

function columnsOf(now: number): readonly Column<TaskRow>[] {
  return [
    { title: 'intent', grows: true, render: ({ title }) => plainText(title, 160) },
    { title: 'state', render: ({ state }) => <Badge look={TASK_LOOKS[state]} /> },
    { title: 'asked', wide: true, render: ({ createdAt }) => <When time={createdAt} /> },
    {
      title: 'took',
      wide: true,
      render: ({ startedAt, finishedAt }) =>
        startedAt === null ? '' : durationText((finishedAt ?? now) - startedAt),
    },
  ];
}
