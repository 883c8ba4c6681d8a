import type { JSX } from 'react';
import { Link } from 'wouter';
import { type ErrorRecord, isFinal, sanitiseText, type TaskRow } from 'deckhand/client';
import { api } from '../engine/api.ts';
import { useAnswer } from '../engine/use-answer.ts';
import { ColouredText } from '../log/coloured-text.tsx';
import { plainText } from '../parts/words.ts';
import { LAST_LINES, lastWords, repairRequest } from './failure.ts';

/** Why a task failed, all that is needed to see it: the error, the command, what it said last, what to do next. */
export function FailureBlock({
  task,
  error,
  command,
  exitCode,
}: {
  readonly task: TaskRow;
  readonly error: ErrorRecord;
  /** Null: it was no command, or is not known yet. */
  readonly command: string | null;
  readonly exitCode: number | null;
}): JSX.Element {
  const repair = isFinal(task.state) && task.host !== null ? repairRequest(error, command) : null;
  return (
    <section
      aria-label="why it failed"
      data-failure={error.code}
      className="m-3 mb-0 max-h-96 shrink-0 overflow-auto rounded border border-bad bg-raised px-3 py-2"
      tabIndex={0}
    >
      <div role="alert">
        <p className="font-medium text-bad">
          <span aria-hidden="true">✗ </span>
          {sanitiseText(error.message)}
        </p>
        <p className="font-mono text-xs text-muted">{error.code}</p>
        {error.hint === '' ? null : (
          <p>
            <span className="text-muted">what to do: </span>
            {sanitiseText(error.hint)}
          </p>
        )}
      </div>
      {command === null ? null : (
        <p className="mt-1 font-mono text-xs break-all">
          <span className="text-muted">$ </span>
          {plainText(command, 1000)}
          {exitCode === null ? null : <span className="text-muted"> → exit {exitCode}</span>}
        </p>
      )}
      {isFinal(task.state) ? <LastWords task={task} /> : null}
      {repair === null ? null : (
        <Link
          href={`/agent?${new URLSearchParams({ intent: repair, hosts: task.host ?? '' }).toString()}`}
          className="text-accent underline"
        >
          Ask the agent to repair it …
        </Link>
      )}
    </section>
  );
}

function LastWords({ task: { id, attempt } }: { readonly task: TaskRow }): JSX.Element | null {
  const { value } = useAnswer(
    `last words ${id} ${attempt}`,
    async () => await api.lines(id, { from: null, count: LAST_LINES, stream: null, search: null }),
  );
  const lines = value ? lastWords(value) : [];
  if (lines.length === 0) return null;
  return (
    <pre
      aria-label="last lines"
      className="my-1 overflow-x-auto rounded bg-sunken px-2 py-1 font-mono text-xs"
    >
      {lines.map(({ number, text, stream }) => (
        <span key={number} className="block" data-last-line={number}>
          <span className="mr-2 text-muted select-none">{stream === 'stderr' ? 'err' : '   '}</span>
          <ColouredText text={text} />
        </span>
      ))}
    </pre>
  );
}
