import { useEffect, useRef, useState } from 'react';
import { type FolderView, toDeckhandError } from 'deckhand/client';
import { api, HERE } from '../engine/api.ts';
import { type Answer, useAnswer } from '../engine/use-answer.ts';
import { useChanges } from '../engine/use-live.ts';
import { HERE_NAME } from './paths.ts';

/** Milliseconds in which several changes are one. */
const GATHERED = 400;
/** Milliseconds until a folder that could not be watched is tried again. */
const WATCH_AGAIN = 10_000;

/** Why a watch ended, where it may be had again. */
const PASSES = /^(?:daemon\.unreachable|api\.rate-limited|ssh\.)/;

/** Where a folder is, as the address has it. */
export interface Place {
  /** `.`: the machine of the daemon. */
  readonly host: string;
  readonly path: string;
}

export function placeOf({ host, path }: Place): { readonly host: string | null; readonly path: string } {
  return { host: host === HERE_NAME ? null : host, path };
}

/** What is in a folder, kept true while it is looked at. `watch`: null = it is watched, otherwise why not. */
export function useFolder(place: Place): {
  readonly answer: Answer<FolderView | null>;
  readonly watch: string | null;
} {
  const { host, path } = place;
  const answer = useAnswer<FolderView | null>(`folder ${host}:${path}`, async () =>
    host === '' ? null : await api.listFolder(HERE, placeOf({ host, path })),
  );
  const [watch, setWatch] = useState<string | null>('not yet');
  const reload = useRef(answer.reload);
  reload.current = answer.reload;
  const isThere = answer.value !== null;
  const [round, setRound] = useState(0);
  const isLost = useRef(false);
  useChanges(change => {
    if (change.item === 'hello' && isLost.current) setRound(count => count + 1);
  });
  useEffect(() => {
    isLost.current = false;
    if (!isThere) return undefined;
    const leave = new AbortController();
    let timer: ReturnType<typeof setTimeout> | null = null;
    let again: ReturnType<typeof setTimeout> | null = null;
    const read = (): void => {
      timer ??= setTimeout(() => {
        timer = null;
        reload.current();
      }, GATHERED);
    };
    const hear = async (): Promise<void> => {
      setWatch('not yet');
      for await (const change of api.watchFolder(HERE, placeOf({ host, path }), { signal: leave.signal })) {
        setWatch(null);
        // what changed after it was listed and before it was watched is told by nobody
        if (change.item !== 'alive') read();
      }
    };
    hear().catch((error: unknown) => {
      if (leave.signal.aborted) return;
      const { code, message } = toDeckhandError(error);
      setWatch(message);
      isLost.current = PASSES.test(code);
      if (isLost.current) again = setTimeout(() => setRound(count => count + 1), WATCH_AGAIN);
    });
    return () => {
      leave.abort();
      if (timer) clearTimeout(timer);
      if (again) clearTimeout(again);
    };
  }, [host, path, isThere, round]);
  return { answer, watch };
}
