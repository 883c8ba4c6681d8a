import type { Clock } from '../core/clock.ts';
import type { DeckhandError } from '../core/deckhand-error.ts';

/** A signal that ends with another one, or with `error` after `limit` milliseconds, until it is disposed of. */
export class Deadline implements Disposable {
  readonly signal: AbortSignal;
  readonly #rest = new AbortController();

  constructor(clock: Clock, limit: number, signal: AbortSignal, error: DeckhandError) {
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
