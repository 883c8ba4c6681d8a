import type { JSX } from 'react';
import { Link } from 'wouter';
import type { TaskRow } from 'deckhand/client';
import { Badge, TONES } from '../parts/badge.tsx';
import { Button } from '../parts/button.tsx';
import { Fault } from '../parts/fault.tsx';
import { ProgressBar } from '../parts/progress-bar.tsx';
import { type StateLook, TASK_LOOKS } from '../parts/states.ts';
import { bytesText, plainText } from '../parts/words.ts';
import { useEvents, useRun } from '../run/use-run.ts';
import { SteerButtons } from '../tasks/steer-buttons.tsx';
import { deploySteps, type ShownStep } from './deploy-steps.ts';

const LOOKS: Readonly<Record<ShownStep['state'], StateLook>> = {
  waits: { word: 'waits', glyph: '○', tone: 'quiet' },
  runs: { word: 'begun', glyph: '▸', tone: 'busy' },
  done: { word: 'done', glyph: '✓', tone: 'good' },
  skipped: { word: 'was so already', glyph: '↷', tone: 'quiet' },
};

/** A deployment as it goes, host by host; also after a reload. */
export function DeployProgress({
  id,
  onClose,
}: {
  /** Of the group. */
  readonly id: string;
  readonly onClose: () => void;
}): JSX.Element {
  const run = useRun(id);
  return (
    <section aria-label="deployment" className="border-b border-line px-4 py-3">
      {run.error ? <Fault error={run.error} /> : null}
      {(run.value ?? []).map(task => (
        <HostProgress key={task.id} task={task} />
      ))}
      <Button look="bare" onClick={onClose}>
        Hide
      </Button>
    </section>
  );
}

function HostProgress({ task }: { readonly task: TaskRow }): JSX.Element {
  const steps = deploySteps(useEvents(task));
  const { progress } = task;
  return (
    <div className="mb-3" data-deploying={task.state}>
      <h2 className="flex flex-wrap items-center gap-2 font-semibold">
        <span className="min-w-0 truncate">{plainText(task.title, 120)}</span>
        <Badge look={TASK_LOOKS[task.state]} />
        <SteerButtons tasks={[task]} ids={[task.id]} />
        <Link href={`/runs/${task.group}?task=${task.id}`} className="font-normal underline">
          log and events
        </Link>
      </h2>
      <ol aria-label="steps" className="mt-1">
        {steps.map(({ name, state, text }) => (
          <li key={name} data-step={`${name} ${state}`} className="flex flex-wrap gap-x-3">
            <span className="w-20">{name}</span>
            <span className={`w-36 ${TONES[LOOKS[state].tone]}`}>
              <Badge look={LOOKS[state]} />
            </span>
            <span className="min-w-0 break-words text-muted">{plainText(text, 200)}</span>
          </li>
        ))}
      </ol>
      {progress?.unit === 'bytes' && task.finishedAt === null ? (
        <p className="mt-1 text-xs text-muted">
          <ProgressBar done={progress.done} total={progress.total} label="bytes sent" />
          {bytesText(progress.done)}
          {progress.total === null ? '' : ` of ${bytesText(progress.total)}`} {plainText(progress.text, 100)}
        </p>
      ) : null}
      {task.error ? <Fault error={task.error} /> : null}
    </div>
  );
}
