import type { JSX } from 'react';
import { hunks, sanitiseText } from 'deckhand/client';

const LOOKS = { ' ': 'text-muted', '-': 'bg-sunken text-bad', '+': 'bg-sunken text-good' } as const;
const MOST = 2000;

/** What would be different, line by line, with a few lines around. */
export function DiffView({
  before,
  after,
}: {
  readonly before: string;
  readonly after: string;
}): JSX.Element {
  const lines = hunks(before, after);
  if (lines.every(line => line === null || line.mark === ' '))
    return <p className="text-muted">Nothing is different.</p>;
  return (
    <div
      role="region"
      aria-label="what is different"
      tabIndex={0}
      className="overflow-auto rounded border border-line"
    >
      <pre className="font-mono text-xs leading-5">
        {lines.slice(0, MOST).map((line, place) => (
          // a line of a difference has no other name than its place
          // eslint-disable-next-line react/no-array-index-key
          <div key={place} className={`px-2 ${line === null ? 'text-muted' : LOOKS[line.mark]}`}>
            {line === null ? '⋯' : `${line.mark} ${sanitiseText(line.text)}`}
          </div>
        ))}
      </pre>
      {lines.length > MOST ? <p className="px-2 text-warn">The first {MOST} lines of it.</p> : null}
    </div>
  );
}
