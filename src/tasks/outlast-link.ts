import type { Clock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';

/** Milliseconds that a lost connection is tried again before it is given up. */
const OUTLAST_LIMIT = 120_000;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;

export interface OutlastOptions {
  readonly clock: Clock;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Milliseconds; default two minutes. */
  readonly limit?: number;
  /** True: the host was in reach before, so what fails now and may be retried is an outage. */
  readonly reached: boolean;
  /** Told when the limit is over. */
  readonly onGivenUp?: () => unknown;
}

/** How long a link has been gone, and when to look again: one for each outage, whoever waits. */
export class Outage {
  readonly #options: OutlastOptions;
  #pause = FIRST_PAUSE;
  #since: number | undefined;
  #connected: boolean;

  constructor(options: OutlastOptions) {
    this.#options = options;
    this.#connected = options.reached;
  }

  /** There is a connection: whatever outage there was is over. */
  connected(): void {
    this.#connected = true;
    this.#since = undefined;
    this.#pause = FIRST_PAUSE;
  }

  /** True when the error is worth waiting for the link to come back. */
  covers(error: unknown): boolean {
    if (!(error instanceof DeckhandError) || this.#options.signal.aborted || !this.#connected) return false;
    if (error.code === 'ssh.connection-lost' || error.code === 'ssh.peer-silent') return true;
    return error.retryable && (this.#options.reached || this.#since !== undefined);
  }

  /** Waits a little longer each time. False: the limit is over. Rejects with the reason of the signal. */
  async wait(): Promise<boolean> {
    const { clock, signal, limit = OUTLAST_LIMIT, onGivenUp } = this.#options;
    this.#since ??= clock.monotonic();
    if (clock.monotonic() - this.#since > limit) {
      onGivenUp?.();
      return false;
    }
    await clock.sleep(this.#pause, signal);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
    return true;
  }
}

/**
 * Asks a host that is in reach, and asks again after a lost link, until the limit: only for what changes
 * nothing. Throws the last error.
 */
export async function outlastLink<Answer>(
  options: Omit<OutlastOptions, 'reached'>,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const outage = new Outage({ ...options, reached: true });
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!outage.covers(error) || !(await outage.wait())) throw error;
    }
  }
}
