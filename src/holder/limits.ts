import type { Clock } from '../core/clock.ts';

/** Why a run is stopped before it ended. */
export type StopReason = 'timeout' | 'idle-timeout' | 'cancelled';

/** The longest single timer of the platform. Milliseconds. */
const LONGEST_SLEEP = 2_000_000_000;

/**
 * Watches one run's time limits and the caller's signal. While the run is paused no time counts; while
 * the caller still takes in output, a silence of the command is not its own.
 */
export class RunLimits {
  readonly #clock: Clock;
  readonly #done = new AbortController();
  #lastOutput: number;
  #busyReaders = 0;
  #pausedAt: number | undefined;
  #pausedFor = 0;
  #resumed = Promise.withResolvers<void>();
  /** Settles with the first reason to stop; never when the run ends before. */
  readonly reached: Promise<StopReason>;

  constructor(
    clock: Clock,
    limits: { readonly timeout: number; readonly idleTimeout?: number },
    signal: AbortSignal,
  ) {
    this.#clock = clock;
    const begun = this.#active();
    this.#lastOutput = begun;
    this.reached = new Promise(resolve => {
      if (signal.aborted) resolve('cancelled');
      signal.addEventListener('abort', () => resolve('cancelled'), { signal: this.#done.signal });
      this.#watch(limits.timeout, () => begun).then(late => late && resolve('timeout'), reportNothing);
      this.#watch(limits.idleTimeout ?? 0, () =>
        this.#busyReaders > 0 ? this.#active() : this.#lastOutput,
      ).then(late => late && resolve('idle-timeout'), reportNothing);
    });
  }

  sawOutput(): void {
    this.#lastOutput = this.#active();
  }

  /** Until the promise settles, silence is not counted. */
  readerBusy(taken: Promise<void>): void {
    this.#busyReaders += 1;
    const free = (): void => {
      this.#busyReaders -= 1;
      this.sawOutput();
    };
    taken.then(free, free);
  }

  setPaused(paused: boolean): void {
    if (paused === (this.#pausedAt !== undefined)) return;
    if (paused) {
      this.#pausedAt = this.#clock.monotonic();
      return;
    }
    this.#pausedFor = this.#clock.monotonic() - this.#active();
    this.#pausedAt = undefined;
    this.#resumed.resolve();
    this.#resumed = Promise.withResolvers();
  }

  [Symbol.dispose](): void {
    this.#done.abort();
    this.#resumed.resolve();
  }

  /** Milliseconds on the run's own clock, which stands still while it is paused. */
  #active(): number {
    return (this.#pausedAt ?? this.#clock.monotonic()) - this.#pausedFor;
  }

  /** True when `limit` ms of the run's own time went by since `since()`; false when the run ended before. */
  async #watch(limit: number, since: () => number): Promise<boolean> {
    if (limit <= 0) return false;
    while (!this.#done.signal.aborted) {
      if (this.#pausedAt !== undefined) {
        await this.#resumed.promise;
        continue;
      }
      const left = limit - (this.#active() - since());
      if (left <= 0) return true;
      await this.#clock.sleep(Math.min(left, LONGEST_SLEEP), this.#done.signal);
    }
    return false;
  }
}

/** The sleep of a watch that is no longer wanted. */
function reportNothing(): void {}
