import type { JSX } from 'react';

/** How far something is; `total: null` = nobody knows. */
export function ProgressBar({
  done,
  total,
  label,
}: {
  readonly done: number;
  readonly total: number | null;
  readonly label: string;
}): JSX.Element {
  const share = total === null || total <= 0 ? null : Math.min(1, done / total);
  return (
    <span
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(share !== null && { 'aria-valuenow': Math.round(share * 100) })}
      className="inline-block h-2 w-full min-w-16 overflow-hidden rounded bg-sunken align-middle"
    >
      <span
        className={`block h-full bg-accent ${share === null ? 'w-1/3 animate-pulse' : ''}`}
        style={share === null ? {} : { width: `${share * 100}%` }}
      />
    </span>
  );
}
