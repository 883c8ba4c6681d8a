import type { JSX } from 'react';
import type { AuditEntryView } from 'deckhand/client';
import { Overlay } from '../parts/overlay.tsx';
import { plainText } from '../parts/words.ts';

/** One entry of the audit log, whole. */
export function AuditDrawer({
  entry,
  onClose,
}: {
  readonly entry: AuditEntryView;
  readonly onClose: () => void;
}): JSX.Element {
  const lines: readonly (readonly [title: string, text: string])[] = [
    ['when', new Date(entry.time).toLocaleString()],
    ['who', entry.who],
    ['what', entry.action],
    ['servers', entry.hosts.join(', ')],
    ['why', entry.why],
    ['rule', entry.rule ?? ''],
    ['request', entry.requestId],
  ];
  return (
    <Overlay shape="drawer" title={`Entry ${entry.number}`} onClose={onClose}>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
        {lines
          .filter(([, text]) => text !== '')
          .map(([title, text]) => (
            <div key={title} className="contents">
              <dt className="text-muted">{title}</dt>
              <dd className="break-words">{plainText(text, 2000)}</dd>
            </div>
          ))}
      </dl>
      <h3 className="mt-4 mb-1 font-semibold">Command or call</h3>
      <p className="rounded bg-sunken px-2 py-1 font-mono break-all">{plainText(entry.command, 20_000)}</p>
    </Overlay>
  );
}
