import type { Clock } from './clock.ts';
import type { DeckhandError } from './deckhand-error.ts';

/** A signal that ends with another one, or after `limit` milliseconds, with `error` where one is given; until it is disposed of. */
export class Deadline implements Disposable {
  readonly signal: AbortSignal;
  readonly #rest = new AbortController();

  constructor(clock: Clock, limit: number, signal: AbortSignal, error?: DeckhandError) {
    const late = new AbortController();
    this.signal = AbortSignal.any([signal, late.signal]);
    void clock.sleep(limit, this.#rest.signal).then(
      () => late.abort(error),
      () => {},
    );
  }

  [Symbol.dispose](): void {
    this.#rest.abort();
  }
}
