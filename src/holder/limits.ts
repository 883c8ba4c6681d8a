import type { Clock } from '../core/clock.ts';

/** Why a run is stopped before it ended. */
export type StopReason = 'timeout' | 'idle-timeout' | 'cancelled';

/** Watches one run's time limits and the caller's signal. */
export class RunLimits {
  readonly #clock: Clock;
  readonly #done = new AbortController();
  #lastOutput: number;
  /** Settles with the first reason to stop; never when the run ends before. */
  readonly reached: Promise<StopReason>;

  constructor(
    clock: Clock,
    limits: { readonly timeout: number; readonly idleTimeout?: number },
    signal: AbortSignal,
  ) {
    this.#clock = clock;
    this.#lastOutput = clock.monotonic();
    this.reached = new Promise(resolve => {
      if (signal.aborted) resolve('cancelled');
      signal.addEventListener('abort', () => resolve('cancelled'), { signal: this.#done.signal });
      if (limits.timeout > 0) void this.#after(limits.timeout, () => resolve('timeout'));
      if ((limits.idleTimeout ?? 0) > 0) void this.#watchIdle(limits.idleTimeout ?? 0, resolve);
    });
  }

  sawOutput(): void {
    this.#lastOutput = this.#clock.monotonic();
  }

  [Symbol.dispose](): void {
    this.#done.abort();
  }

  async #after(milliseconds: number, act: () => void): Promise<void> {
    try {
      await this.#clock.sleep(milliseconds, this.#done.signal);
    } catch {
      return;
    }
    act();
  }

  async #watchIdle(limit: number, resolve: (reason: StopReason) => void): Promise<void> {
    let left = limit;
    while (left > 0 && !this.#done.signal.aborted) {
      await this.#after(left, () => undefined);
      left = limit - (this.#clock.monotonic() - this.#lastOutput);
    }
    if (!this.#done.signal.aborted) resolve('idle-timeout');
  }
}
