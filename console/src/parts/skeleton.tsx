import { type JSX, useEffect, useState } from 'react';

/** Milliseconds for which nothing moves: most answers are there by then. */
const PATIENCE = 300;
const WIDTHS = ['w-3/4', 'w-2/3', 'w-5/6', 'w-1/2', 'w-2/3'];

/** Where lines will be, while a first answer takes its time; nothing once it is known that none comes. */
export function Skeleton({ error }: { readonly error: unknown }): JSX.Element | null {
  const [isLate, setIsLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsLate(true), PATIENCE);
    return () => clearTimeout(timer);
  }, []);
  if (!isLate || error !== null) return null;
  return (
    <div role="status" aria-label="being asked for" className="animate-pulse space-y-4 p-4">
      {WIDTHS.map((width, line) => (
        <span key={line} className={`block h-3 rounded bg-sunken ${width}`} />
      ))}
    </div>
  );
}
