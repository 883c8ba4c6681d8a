import type { Clock } from '../../core/clock.ts';

/** Holds bytes back so that no more than `rate` a second go by; 0 = no limit. */
export class RateLimit {
  readonly #rate: number;
  readonly #clock: Clock;
  #freeAt = 0;

  constructor(rate: number, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
  }

  /** Resolves when these bytes may go. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    if (this.#rate === 0) return;
    const now = this.#clock.monotonic();
    const start = Math.max(this.#freeAt, now);
    this.#freeAt = start + (bytes / this.#rate) * 1000;
    if (start > now) await this.#clock.sleep(start - now, signal);
  }
}
