import type { JSX } from 'react';
import { bytesText } from '../parts/words.ts';

/** How much of something is used; from nine tenths on it is said in words too. */
export function UsageBar({
  what,
  usage,
}: {
  readonly what: string;
  readonly usage: { readonly total: number; readonly available: number } | null;
}): JSX.Element | null {
  if (!usage || usage.total === 0) return null;
  const share = 1 - usage.available / usage.total;
  const text = `${bytesText(usage.available)} of ${bytesText(usage.total)} free`;
  return (
    <span className="inline-flex items-center gap-1 whitespace-nowrap" title={text}>
      <span role="img" aria-label={`${what}: ${text}`} className="inline-block h-2 w-12 rounded bg-sunken">
        <span
          className={`block h-full rounded ${share > 0.9 ? 'bg-bad' : 'bg-accent'}`}
          style={{ width: `${share * 100}%` }}
        />
      </span>
      <span className={`text-xs ${share > 0.9 ? 'font-semibold text-bad' : 'text-muted'}`}>
        {Math.round(share * 100)} %{share > 0.9 ? ' full' : ''}
      </span>
    </span>
  );
}
