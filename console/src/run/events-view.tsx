import type { JSX } from 'react';
import type { TaskEvent } from 'deckhand/client';
import { CopyButton } from '../parts/copy-button.tsx';
import { plainText } from '../parts/words.ts';

const MOST = 1000;

/** Every event as it came. */
export function EventsView({ events }: { readonly events: readonly TaskEvent[] }): JSX.Element {
  const shown = events.slice(-MOST);
  return (
    <section aria-label="events" className="min-h-0 flex-1 overflow-auto" tabIndex={0}>
      <p className="flex items-center px-3 text-xs text-muted">
        {events.length} events{events.length > MOST ? `, the last ${MOST} of them shown` : ''}
        <span className="ml-auto" />
        <CopyButton label="copy as JSON lines" text={events.map(event => JSON.stringify(event)).join('\n')} />
      </p>
      <ul className="font-mono text-xs">
        {shown.map(event => {
          const { seq, time, kind, task: _task, attempt: _attempt, requestId: _request, ...rest } = event;
          return (
            <li key={seq} className="border-b border-line px-3 py-0.5 break-all">
              <span className="text-muted">
                {seq} {time.slice(11, 23)}
              </span>{' '}
              {kind} {plainText(JSON.stringify(rest), 2000)}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
