import type { Clock } from '../core/clock.ts';
import { type DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { Store } from '../store/store.ts';

export interface HousekeepingOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly onTrouble: (error: DeckhandError) => void;
  /** Lets go of what of the audit log is old enough. */
  readonly retireAudit: (now: number) => Promise<void>;
  /** Milliseconds that an ended task is kept; default 90 days. */
  readonly keepFor?: number;
  /** Ended tasks kept at most; default a million. */
  readonly keep?: number;
}

const DAY = 86_400_000;
const LOOK = 60_000;
/** Looks from one clean-up of old tasks to the next. */
const PRUNE_EVERY = 60;

/** What a store needs from time to time: answers that came too late, tasks and lines of the audit that are old enough to forget (A42). */
export class Housekeeping implements AsyncDisposable {
  readonly #options: HousekeepingOptions;
  readonly #timer: NodeJS.Timeout;
  #looks = 0;
  #working: Promise<void> = Promise.resolve();

  constructor(options: HousekeepingOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(), LOOK).unref();
    this.#look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#working;
  }

  #look(): void {
    this.#working = this.#working
      .then(async () => await this.#work())
      .catch((error: unknown) => this.#options.onTrouble(toDeckhandError(error)));
  }

  async #work(): Promise<void> {
    const { store, clock, keepFor = 90 * DAY, keep = 1_000_000, retireAudit } = this.#options;
    const isPruning = this.#looks % PRUNE_EVERY === 0;
    this.#looks += 1;
    await store.expireApprovals(clock.now());
    if (!isPruning) return;
    await store.prune({ finishedBefore: clock.now() - keepFor, keep });
    await retireAudit(clock.now());
  }
}
