import { useEffect, useRef, useState } from 'react';
import type { LineQuery } from 'deckhand/client';
import { api, isAway } from '../engine/api.ts';
import { pause } from '../engine/pause.ts';

export interface Hits {
  readonly numbers: readonly number[];
  /** False: the rest of the log is still searched, or there were too many. */
  readonly complete: boolean;
}

const MOST = 5000;
const NONE: Hits = { numbers: [], complete: true };
/** Milliseconds without a key before the daemon is asked. */
const PAUSE = 200;

/** Milliseconds between two looks whether the log has grown, or the daemon is back. */
const LOOK = 1000;

/** The numbers of all lines that hold a text, also of those that come later; the daemon searches, piece by piece. */
export function useSearch(task: string, stream: LineQuery['stream'], text: string, total: number): Hits {
  const [hits, setHits] = useState<Hits>(NONE);
  const newest = useRef(total);
  newest.current = total;
  useEffect(() => {
    setHits(text === '' ? NONE : { numbers: [], complete: false });
    if (text === '') return undefined;
    const stop = new AbortController();
    const { signal } = stop;
    const search = async (): Promise<void> => {
      let numbers: readonly number[] = [];
      let attempt = 0;
      let from = 1;
      while (!signal.aborted && numbers.length < MOST) {
        const page = await api.lines(task, { from, count: 1000, stream, search: text }).catch(nullIfAway);
        if (signal.aborted) return;
        if (page) {
          if (page.attempt !== attempt) numbers = [];
          ({ attempt } = page);
          const last = numbers.at(-1) ?? 0;
          numbers = [...numbers, ...page.lines.map(({ number }) => number).filter(number => number > last)];
          setHits({ numbers, complete: page.next === null });
          // the last line may have had no end
          from = page.next ?? Math.max(1, page.total);
        }
        if (page && page.next !== null) continue;
        const searched = page?.total ?? -1;
        do await pause(LOOK, signal);
        while (!signal.aborted && newest.current <= searched);
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

function nullIfAway(thrown: unknown): null {
  if (isAway(thrown)) return null;
  throw thrown;
}
