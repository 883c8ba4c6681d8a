import type { JSX } from 'react';
import { type DeckhandError, type ErrorRecord, sanitiseText } from 'deckhand/client';

/** An error in three lines: what failed, its code with what is known, what to do next. */
export function Fault({ error }: { readonly error: ErrorRecord | DeckhandError }): JSX.Element {
  return (
    <div role="alert" className="my-2 rounded border border-bad bg-raised px-3 py-2">
      <p className="font-medium text-bad">
        <span aria-hidden="true">✗ </span>
        {sanitiseText(error.message)}
      </p>
      <p className="font-mono text-xs text-muted">{error.code}</p>
      {error.hint === '' ? null : <p>{sanitiseText(error.hint)}</p>}
    </div>
  );
}
