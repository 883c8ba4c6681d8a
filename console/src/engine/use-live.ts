import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { Change } from 'deckhand/client';
import { live, type LiveView } from './live.ts';

export function useLive(): LiveView {
  return useSyncExternalStore(live.onView, live.view);
}

/** Calls the newest `hear` with every change. */
export function useChanges(hear: (change: Change) => void): void {
  const newest = useRef(hear);
  newest.current = hear;
  useEffect(() => live.listen(change => newest.current(change)), []);
}

/** How long a task's log is, as it grows; null until it is known. */
export function useLogLength(
  task: string | null,
): { readonly attempt: number; readonly total: number } | null {
  const [length, setLength] = useState<{ task: string; attempt: number; total: number } | null>(null);
  useEffect(() => (task === null ? undefined : live.watchLog(task)), [task]);
  useChanges(change => {
    if (change.item === 'lines' && change.task === task) setLength(change);
  });
  return length?.task === task ? length : null;
}

/** The time, told anew every so many milliseconds while the page is seen. */
export function useNow(every: number): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
