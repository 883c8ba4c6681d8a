import { useCallback, useEffect, useRef, useState } from 'react';
import { toDeckhandError, type DeckhandError } from 'deckhand/client';
import { altered, answered, type AnswerState, asked, refused } from './answer-state.ts';
import { Asking } from './asking.ts';
import { isAway } from './api.ts';
import { useChanges } from './use-live.ts';

export interface Answer<Value> {
  /** Null until the first one came. */
  readonly value: Value | null;
  /** Why the newest question was not answered; the value is then an older one. */
  readonly error: DeckhandError | null;
  readonly asking: boolean;
  /** Asks anew; while an answer is on its way, once more after it. */
  readonly reload: () => void;
  /**
   * Changes what is shown without asking. What is told while an answer is on its way holds for that one as well, so
   * `change` must keep what is newer.
   */
  readonly update: (change: (value: Value) => Value) => void;
}

/**
 * An answer of the daemon: asked for each new key, and anew whenever the connection was away. `known`: what another
 * screen knew of it already, shown until then.
 */
export function useAnswer<Value>(
  key: string,
  ask: () => Promise<Value>,
  known: () => Value | null = () => null,
): Answer<Value> {
  const [kept, setKept] = useState<AnswerState<Value>>(() => ({
    key,
    value: known(),
    error: null,
    asking: true,
    since: [],
  }));
  const [round, setRound] = useState(0);
  const asking = useRef(new Asking());
  const newest = useRef(ask);
  newest.current = ask;
  const askNow = useCallback(() => setRound(count => count + 1), []);
  useEffect(() => {
    let wanted = true;
    const settle = (next: (old: AnswerState<Value>) => AnswerState<Value>): void => {
      if (!wanted) return;
      setKept(next);
      if (asking.current.end()) askNow();
    };
    asking.current.begin();
    setKept(old => asked(old, key));
    newest.current().then(
      value => settle(old => answered(old, key, value)),
      (thrown: unknown) => settle(old => refused(old, key, toDeckhandError(thrown))),
    );
    return () => {
      wanted = false;
    };
  }, [key, round, askNow]);
  const reload = useCallback(() => {
    if (asking.current.want()) askNow();
  }, [askNow]);
  const update = useCallback((change: (value: Value) => Value) => setKept(old => altered(old, change)), []);
  useChanges(change => {
    // what was asked over the connection before may never be answered
    if (change.item === 'hello') askNow();
    else if (kept.error && isAway(kept.error)) reload();
  });
  const current = kept.key === key ? kept : { value: null, error: null, asking: true };
  return { value: current.value, error: current.error, asking: current.asking, reload, update };
}
