import type { JSX } from 'react';
import type { TaskEvent } from 'deckhand/client';
import { TONES } from '../parts/badge.tsx';
import type { Tone } from '../parts/states.ts';
import { durationText, plainText } from '../parts/words.ts';
import { timelineOf, type TimelineStep } from './timeline.ts';

const LOOKS: Readonly<Record<TimelineStep['outcome'], readonly [glyph: string, tone: Tone]>> = {
  done: ['✓', 'good'],
  failed: ['✗', 'bad'],
  skipped: ['↷', 'quiet'],
  'goes on': ['▸', 'busy'],
  noted: ['•', 'warn'],
};

/** What was done, step by step, with how long each took. */
export function TimelineView({ events }: { readonly events: readonly TaskEvent[] }): JSX.Element | null {
  const steps = timelineOf(events);
  if (steps.length === 0) return null;
  return (
    <ol aria-label="steps" className="flex flex-wrap gap-x-4 gap-y-0.5 px-3 py-1.5 text-xs">
      {steps.map(({ seq, title, outcome, duration, host, times }) => {
        const [glyph, tone] = LOOKS[outcome];
        return (
          <li key={seq} className="whitespace-nowrap">
            <span aria-hidden="true" className={TONES[tone]}>
              {glyph}
            </span>
            <span className="sr-only">{outcome}</span> {host === null ? '' : `${plainText(host, 40)}: `}
            {plainText(title, 120)}
            {times > 1 ? ` ×${times}` : ''}
            {duration === null ? '' : <span className="text-muted"> {durationText(duration)}</span>}
          </li>
        );
      })}
    </ol>
  );
}
