import { DeckhandError } from '../../core/deckhand-error.ts';

export interface Rate {
  /** Requests each second, for ever. */
  readonly perSecond: number;
  /** Requests at once after a silence. */
  readonly burst: number;
}

/** By address, before anybody is known; by caller afterwards. A page that begins asks for much at once. */
export const ADDRESS_RATE: Rate = { perSecond: 300, burst: 600 };
export const CALLER_RATE: Rate = { perSecond: 50, burst: 250 };
/** Streams that one caller may hold open. */
export const MOST_STREAMS = 32;

interface Bucket {
  left: number;
  /** Milliseconds. */
  at: number;
}
/** Callers that are remembered; beyond it those that are full again are forgotten. */
const MOST_BUCKETS = 10_000;

/** A bucket for each key, filled at an even rate. Pure but for what it remembers; time is an argument. */
export class RateLimit {
  readonly #rate: Rate;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Takes one. Throws `api.rate-limited` with the seconds until there is one again. `now`: milliseconds. */
  take(key: string, now: number): void {
    const { perSecond, burst } = this.#rate;
    const bucket = this.#buckets.get(key) ?? { left: burst, at: now };
    bucket.left = Math.min(burst, bucket.left + ((now - bucket.at) * perSecond) / 1000);
    bucket.at = now;
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > MOST_BUCKETS) this.#forget(now);
    if (bucket.left >= 1) {
      bucket.left -= 1;
      return;
    }
    throw tooMany(`more than ${perSecond} requests a second`, Math.ceil((1 - bucket.left) / perSecond));
  }

  #forget(now: number): void {
    const { perSecond, burst } = this.#rate;
    for (const [key, { left, at }] of this.#buckets)
      if (left + ((now - at) * perSecond) / 1000 >= burst) this.#buckets.delete(key);
  }
}

/** How many streams each caller has open. */
export class OpenStreams {
  readonly #open = new Map<string, number>();

  /** Gives what to call when the stream is closed. Throws `api.rate-limited`. */
  begin(key: string): () => void {
    const before = this.#open.get(key) ?? 0;
    if (before >= MOST_STREAMS) throw tooMany(`${MOST_STREAMS} open streams`, 1);
    this.#open.set(key, before + 1);
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      const left = (this.#open.get(key) ?? 1) - 1;
      if (left > 0) this.#open.set(key, left);
      else this.#open.delete(key);
    };
  }
}

function tooMany(what: string, retryAfter: number): DeckhandError {
  return new DeckhandError('api.rate-limited', `One caller may not have ${what}.`, {
    details: { retryAfter: Math.max(retryAfter, 1) },
  });
}
