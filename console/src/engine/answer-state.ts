import type { DeckhandError } from 'deckhand/client';

type Alter<Value> = (value: Value) => Value;

/** One question to the daemon and what is known of its answer. Pure. */
export interface AnswerState<Value> {
  readonly key: string;
  readonly value: Value | null;
  readonly error: DeckhandError | null;
  readonly asking: boolean;
  /** What was told since the question was asked: its answer may have been read before that. */
  readonly since: readonly Alter<Value>[];
}

export function asked<Value>(old: AnswerState<Value>, key: string): AnswerState<Value> {
  const kept = old.key === key ? old : { value: null, error: null };
  return { value: kept.value, error: kept.error, key, asking: true, since: [] };
}

export function answered<Value>(old: AnswerState<Value>, key: string, value: Value): AnswerState<Value> {
  const since = old.key === key ? old.since : [];
  return {
    key,
    value: since.reduce((altered, alter) => alter(altered), value),
    error: null,
    asking: false,
    since: [],
  };
}

export function refused<Value>(
  old: AnswerState<Value>,
  key: string,
  error: DeckhandError,
): AnswerState<Value> {
  return { key, value: old.key === key ? old.value : null, error, asking: false, since: [] };
}

/** `alter` may be told twice of the same, and of what its value is past already: the newer one has to win. */
export function altered<Value>(old: AnswerState<Value>, alter: Alter<Value>): AnswerState<Value> {
  return {
    ...old,
    value: old.value === null ? null : alter(old.value),
    since: old.asking ? [...old.since, alter] : old.since,
  };
}
