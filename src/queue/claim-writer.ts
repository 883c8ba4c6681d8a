import type { Clock } from '../core/clock.ts';
import type { ClaimWrite, Store, WriteOutcome } from '../store/store.ts';

interface Waiting {
  readonly write: ClaimWrite;
  readonly resolve: (outcome: WriteOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** Most writes in one commit: a commit must not keep the process from anything else for long. */
const LARGEST_COMMIT = 512;

/** Puts what many claims report at about the same time into one commit; answers each when it is kept. */
export class ClaimWriter {
  readonly #store: Store;
  readonly #clock: Clock;
  #waiting: Waiting[] = [];
  #working: Promise<void> | undefined;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Kept in the order of the calls. */
  async write(write: ClaimWrite): Promise<WriteOutcome> {
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ write, resolve, reject });
      this.#working ??= this.#work();
    });
  }

  /** Resolves when everything so far is kept. */
  async settled(): Promise<void> {
    await this.#working;
  }

  async #work(): Promise<void> {
    // what comes in the same turn of the event loop travels together
    await new Promise(resolve => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, LARGEST_COMMIT);
      try {
        const outcomes = await this.#store.record(
          batch.map(({ write }) => write),
          this.#clock.now(),
        );
        batch.forEach(({ resolve }, index) => resolve(outcomes[index] ?? 'fenced'));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#working = undefined;
  }
}
