import { type JSX, useEffect, useState, useSyncExternalStore } from 'react';
import { notice } from '../parts/notice.ts';

const SHOWN_FOR = 6000;

/** What just happened, in one line that screen readers hear. */
export function StatusLine(): JSX.Element {
  const line = useSyncExternalStore(notice.onLine, notice.line);
  const [shown, setShown] = useState('');
  useEffect(() => {
    setShown(line);
    const timer = setTimeout(() => setShown(''), SHOWN_FOR);
    return () => clearTimeout(timer);
  }, [line]);
  return (
    <div
      aria-live="polite"
      role="status"
      className="pointer-events-none fixed right-4 bottom-4 z-10 max-w-[80vw]"
    >
      {shown === '' ? null : (
        <p className="truncate rounded border border-line bg-raised px-3 py-2 shadow">{shown}</p>
      )}
    </div>
  );
}
