import { useCallback, useEffect, useRef, useState } from 'react';
import { toDeckhandError, type DeckhandError } from 'deckhand/client';
import { useChanges } from './use-live.ts';

export interface Answer<Value> {
  /** Null until the first one came. */
  readonly value: Value | null;
  /** Why the newest question was not answered; the value is then an older one. */
  readonly error: DeckhandError | null;
  readonly asking: boolean;
  readonly reload: () => void;
  /** Changes what is shown without asking. */
  readonly update: (change: (value: Value) => Value) => void;
}

interface Kept<Value> {
  readonly key: string;
  readonly value: Value | null;
  readonly error: DeckhandError | null;
  readonly asking: boolean;
}

/** An answer of the daemon: asked for each new key, and anew whenever the connection was away. */
export function useAnswer<Value>(key: string, ask: () => Promise<Value>): Answer<Value> {
  const [kept, setKept] = useState<Kept<Value>>({ key, value: null, error: null, asking: true });
  const [round, setRound] = useState(0);
  const newest = useRef(ask);
  newest.current = ask;
  useEffect(() => {
    let wanted = true;
    const settle = (part: Partial<Kept<Value>>): void => {
      if (wanted)
        setKept(old => ({
          ...(old.key === key ? old : { value: null }),
          error: null,
          key,
          asking: false,
          ...part,
        }));
    };
    setKept(old => ({ ...(old.key === key ? old : { value: null, error: null }), key, asking: true }));
    newest.current().then(
      value => settle({ value }),
      (thrown: unknown) => settle({ error: toDeckhandError(thrown) }),
    );
    return () => {
      wanted = false;
    };
  }, [key, round]);
  const reload = useCallback(() => setRound(count => count + 1), []);
  const update = useCallback(
    (change: (value: Value) => Value) =>
      setKept(old => (old.value === null ? old : { ...old, value: change(old.value) })),
    [],
  );
  useChanges(change => change.item === 'hello' && reload());
  const current = kept.key === key ? kept : { value: null, error: null, asking: true };
  return { value: current.value, error: current.error, asking: current.asking, reload, update };
}
