import type { JSX } from 'react';
import { sanitiseText, type StatusResult, type TaskView } from 'deckhand/client';
import { Fault } from '../parts/fault.tsx';
import { bytesText, countText, plainText } from '../parts/words.ts';

/** What came of looking at a model server: its state and endpoints, or its log. */
export function ServerCheck({ task }: { readonly task: TaskView }): JSX.Element | null {
  if (task.error) return <Fault error={task.error} />;
  if (!task.result) return null;
  const { log } = task.result;
  if (typeof log === 'string')
    return (
      <pre
        tabIndex={0}
        aria-label="log"
        className="mt-2 max-h-72 overflow-auto rounded bg-sunken px-2 py-1 font-mono text-xs"
      >
        {sanitiseText(log)}
      </pre>
    );
  // answered by the daemon, which has checked what its task gave
  const status = task.result as unknown as Partial<StatusResult>;
  const memory = typeof status.memory === 'number' ? `, ${bytesText(status.memory)} of memory` : '';
  const restarts = typeof status.restarts === 'number' ? `, ${countText(status.restarts, 'restart')}` : '';
  return (
    <div className="mt-2" data-readiness={status.readiness}>
      <p>
        {plainText(status.readiness ?? '', 80)}
        {memory}
        {restarts}
      </p>
      {status.problem ? <p className="text-bad">{plainText(status.problem.message)}</p> : null}
      <ul aria-label="endpoints" className="font-mono text-xs">
        {(status.endpoints ?? []).map(({ path, status: code, latency, notAsked, error }) => (
          <li key={path}>
            {plainText(path, 80)}{' '}
            {notAsked === undefined
              ? `${code ?? `no answer, ${error?.code ?? 'engine.down'}`}, ${Math.round(latency)} ms`
              : plainText(notAsked, 120)}
          </li>
        ))}
      </ul>
    </div>
  );
}
