import type { JSX } from 'react';
import type { LinkState } from '../engine/live.ts';
import { useLive, useNow } from '../engine/use-live.ts';
import { Badge } from '../parts/badge.tsx';
import type { StateLook } from '../parts/states.ts';
import { durationText } from '../parts/words.ts';

const LOOKS: Readonly<Record<LinkState, StateLook>> = {
  connecting: { word: 'connecting', glyph: '◔', tone: 'quiet' },
  live: { word: 'live', glyph: '●', tone: 'good' },
  reconnecting: { word: 'reconnecting', glyph: '◌', tone: 'warn' },
  resting: { word: 'resting', glyph: '○', tone: 'quiet' },
  'signed-out': { word: 'signed out', glyph: '✗', tone: 'bad' },
};

/** Whether what is shown is true now. */
export function LinkBadge(): JSX.Element {
  const { state, heardAt, version } = useLive();
  const now = useNow(1000);
  const late = state === 'reconnecting' && heardAt > 0;
  const word = late ? `reconnecting, last event ${durationText(now - heardAt)} ago` : LOOKS[state].word;
  return (
    <span data-link={state} title={version === '' ? '' : `daemon ${version}`}>
      <Badge look={{ ...LOOKS[state], word }} />
    </span>
  );
}
