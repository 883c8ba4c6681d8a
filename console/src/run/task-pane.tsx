import type { JSX } from 'react';
import { isFinal, type TaskRow } from 'deckhand/client';
import { useAddress } from '../engine/address.ts';
import { LogViewer } from '../log/log-viewer.tsx';
import { Button } from '../parts/button.tsx';
import { EventsView } from './events-view.tsx';
import { FailureBlock } from './failure-block.tsx';
import { TaskApproval } from './task-approval.tsx';
import { TimelineView } from './timeline-view.tsx';
import { TransferView } from './transfer-view.tsx';
import { useEvents, useTask } from './use-run.ts';
import { plainText } from '../parts/words.ts';

const TABS = [
  ['log', 'Log'],
  ['events', 'Events'],
] as const;

/** One task of a run: what went wrong, its steps, its log, its events. */
export function TaskPane({ task }: { readonly task: TaskRow }): JSX.Element {
  const [address, change] = useAddress();
  const events = useEvents(task);
  const whole = useTask(task).value;
  const tab = address.get('tab') === 'events' ? 'events' : 'log';
  const line = Number(address.get('line') ?? '');
  const command = textOf(whole?.params['command']);
  return (
    <div className="flex h-full min-h-96 flex-col">
      {task.error ? (
        <FailureBlock
          task={task}
          error={task.error}
          command={command}
          exitCode={exitCodeOf(whole?.result ?? null)}
        />
      ) : null}
      <TaskApproval task={task} />
      {command !== null && !task.error ? (
        <p className="truncate px-3 pt-1.5 font-mono text-xs" title={plainText(command, 2000)}>
          <span className="text-muted">$ </span>
          {plainText(command, 500)}
          {isFinal(task.state) ? <ExitCode result={whole?.result ?? null} /> : null}
        </p>
      ) : null}
      <TransferView kind={task.kind} result={whole?.result ?? null} />
      <TimelineView events={events} />
      <div role="tablist" aria-label="what is shown of the task" className="flex gap-1 px-3">
        {TABS.map(([value, word]) => (
          <Button
            key={value}
            role="tab"
            aria-selected={tab === value}
            look={tab === value ? 'plain' : 'bare'}
            onClick={() => change({ tab: value === 'log' ? null : value })}
          >
            {word}
          </Button>
        ))}
      </div>
      <div className="flex min-h-0 flex-1 flex-col">
        {tab === 'events' ? (
          <EventsView events={events} />
        ) : (
          <LogViewer
            key={task.id}
            task={task.id}
            grows={!isFinal(task.state)}
            begun={task.startedAt ?? task.createdAt}
            line={Number.isInteger(line) && line > 0 ? line : null}
            onLine={number => change({ line: number === null ? null : String(number) })}
          />
        )}
      </div>
    </div>
  );
}

function ExitCode({
  result,
}: {
  readonly result: Readonly<Record<string, unknown>> | null;
}): JSX.Element | null {
  const code = exitCodeOf(result);
  return code === null ? null : <span className="text-muted"> → exit {code}</span>;
}

function exitCodeOf(result: Readonly<Record<string, unknown>> | null): number | null {
  const code = result?.['exitCode'];
  return typeof code === 'number' ? code : null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
