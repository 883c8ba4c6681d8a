import type { JSX } from 'react';
import type { StateLook, Tone } from './states.ts';

export const TONES: Readonly<Record<Tone, string>> = {
  good: 'text-good',
  bad: 'text-bad',
  warn: 'text-warn',
  busy: 'text-busy',
  quiet: 'text-muted',
};

/** A state as glyph and word. */
export function Badge({ look }: { readonly look: StateLook }): JSX.Element {
  return (
    <span className={`inline-flex items-center gap-1 whitespace-nowrap font-medium ${TONES[look.tone]}`}>
      <span aria-hidden="true" className="w-4 text-center">
        {look.glyph}
      </span>
      {look.word}
    </span>
  );
}
