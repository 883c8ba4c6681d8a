import type { Clock } from '../core/clock.ts';

/** One for all: an exception made for each, with its stack, would be a good part of what a short answer costs. */
const OVER = new Error('It is watched no longer.');

/** Notices when nothing moved for a while: one sleeping wait, however often something moves. */
export class Watchdog implements Disposable {
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  #movedAt: number;
  readonly #limit: number;

  /** `onSilence` is called once, after `limit` milliseconds without `moved`. */
  constructor(clock: Clock, limit: number, onSilence: () => void) {
    this.#clock = clock;
    this.#limit = limit;
    this.#movedAt = clock.monotonic();
    void this.#watch(onSilence);
  }

  moved(): void {
    this.#movedAt = this.#clock.monotonic();
  }

  async #watch(onSilence: () => void): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      const left = this.#movedAt + this.#limit - this.#clock.monotonic();
      if (left <= 0) return onSilence();
      try {
        await this.#clock.sleep(left, signal);
      } catch {
        return;
      }
    }
  }

  [Symbol.dispose](): void {
    this.#stop.abort(OVER);
  }
}
