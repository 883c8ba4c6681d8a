import type { JSX } from 'react';
import { useNow } from '../engine/use-live.ts';
import { agoText } from './words.ts';

/** A time as a distance from now, exact when pointed at. */
export function When({ time }: { readonly time: number | null }): JSX.Element {
  const now = useNow(1000);
  if (time === null) return <span className="text-muted">–</span>;
  return (
    <time
      dateTime={new Date(time).toISOString()}
      title={new Date(time).toLocaleString()}
      className="whitespace-nowrap"
    >
      {agoText(time, now)}
    </time>
  );
}
