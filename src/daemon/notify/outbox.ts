import type { Channel } from './deliver.ts';
import type { Message } from './message.ts';

/** A message on its way to one receiver. Times: milliseconds since the epoch. */
export interface Delivery {
  readonly message: Message;
  readonly channel: Channel;
  /** Tries so far. */
  readonly attempt: number;
  readonly nextAt: number;
}

/** What is kept over a restart, as one value: what was looked at, what is still to be told, what was told. */
export interface Outbox {
  /** Time of the newest event that was looked at; null = none yet. */
  readonly checkpoint: number | null;
  readonly open: readonly Delivery[];
  /** Ids of what was told or given up, the newest last. */
  readonly done: readonly string[];
}

export const EMPTY: Outbox = { checkpoint: null, open: [], done: [] };

/** Deliveries that wait at most; ids remembered; tries of one delivery. */
const MOST_OPEN = 500;
const MOST_DONE = 2000;
const MOST_TRIES = 12;
/** Milliseconds before the second try, doubled each time; never more than an hour. */
const FIRST_PAUSE = 5000;
const LONGEST_PAUSE = 3_600_000;

/** Adds what is not there yet, and moves the checkpoint. What no longer fits is the oldest: `dropped`. */
export function addDeliveries(
  outbox: Outbox,
  added: readonly Delivery[],
  seenUntil: number,
): { readonly outbox: Outbox; readonly dropped: number } {
  const known = new Set([...outbox.open.map(({ message }) => message.id), ...outbox.done]);
  const fresh = added.filter(({ message }) => {
    if (known.has(message.id)) return false;
    known.add(message.id);
    return true;
  });
  const open = [...outbox.open, ...fresh];
  const checkpoint = Math.max(outbox.checkpoint ?? 0, seenUntil);
  return {
    outbox: { ...outbox, checkpoint, open: open.slice(-MOST_OPEN) },
    dropped: Math.max(open.length - MOST_OPEN, 0),
  };
}

interface SettleOptions {
  readonly now: number;
  /** 0 … 1. */
  readonly chance: number;
  readonly firstPause?: number | undefined;
}

/** One try is over: told, not wanted any more, or to be tried again. `givenUp`: it was the last. */
export function settleDelivery(
  outbox: Outbox,
  id: string,
  told: boolean,
  { now, chance, firstPause = FIRST_PAUSE }: SettleOptions,
): { readonly outbox: Outbox; readonly givenUp: boolean } {
  const delivery = outbox.open.find(({ message }) => message.id === id);
  if (!delivery) return { outbox, givenUp: false };
  const attempt = delivery.attempt + 1;
  const givenUp = !told && attempt >= MOST_TRIES;
  if (told || givenUp) {
    const open = outbox.open.filter(one => one !== delivery);
    return { outbox: { ...outbox, open, done: [...outbox.done, id].slice(-MOST_DONE) }, givenUp };
  }
  const nextAt = now + pauseAfter(attempt, chance, firstPause);
  const open = outbox.open.map(one => (one === delivery ? { ...one, attempt, nextAt } : one));
  return { outbox: { ...outbox, open }, givenUp: false };
}

/** With jitter of a quarter up or down, so that receivers that come back are not all asked at once. */
function pauseAfter(attempt: number, chance: number, firstPause: number): number {
  const pause = Math.min(firstPause * 2 ** (attempt - 1), LONGEST_PAUSE);
  return Math.round(pause * (0.75 + chance / 2));
}
