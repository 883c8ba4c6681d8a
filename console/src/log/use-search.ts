import { useEffect, useState } from 'react';
import type { LineQuery } from 'deckhand/client';
import { api } from '../engine/api.ts';

export interface Hits {
  readonly numbers: readonly number[];
  /** False: the rest of the log is still searched, or there were too many. */
  readonly complete: boolean;
}

const MOST = 5000;
const NONE: Hits = { numbers: [], complete: true };
/** Milliseconds without a key before the daemon is asked. */
const PAUSE = 200;

/** The numbers of all lines that hold a text; the daemon searches, piece by piece. */
export function useSearch(task: string, stream: LineQuery['stream'], text: string): Hits {
  const [hits, setHits] = useState<Hits>(NONE);
  useEffect(() => {
    setHits(text === '' ? NONE : { numbers: [], complete: false });
    if (text === '') return undefined;
    const stop = new AbortController();
    const { signal } = stop;
    const search = async (): Promise<void> => {
      const numbers: number[] = [];
      for (let from: number | null = 1; from !== null && !signal.aborted && numbers.length < MOST; ) {
        const page = await api.lines(task, { from, count: 1000, stream, search: text });
        numbers.push(...page.lines.map(line => line.number));
        from = page.next;
        if (!signal.aborted) setHits({ numbers: [...numbers], complete: from === null });
      }
    };
    const timer = setTimeout(() => void search().catch(() => signal.aborted || setHits(NONE)), PAUSE);
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [task, stream, text]);
  return hits;
}
