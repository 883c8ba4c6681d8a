import type { TaskEvent } from 'deckhand/client';
import { OneAtATime } from '../engine/one-at-a-time.ts';

/** The events of one task, each read once and in order: one question at a time, however fast they come. */
export class EventReader {
  readonly #ask: (after: number) => Promise<readonly TaskEvent[]>;
  readonly #onEvents: (events: readonly TaskEvent[]) => void;
  #events: readonly TaskEvent[] = [];
  /** The number of the newest event that there is. */
  #wanted = 0;
  readonly #asking = new OneAtATime();

  constructor(
    ask: (after: number) => Promise<readonly TaskEvent[]>,
    onEvents: (events: readonly TaskEvent[]) => void,
  ) {
    this.#ask = ask;
    this.#onEvents = onEvents;
  }

  /** There are events up to this number. Rejects with what the daemon says. */
  async want(number: number): Promise<void> {
    this.#wanted = Math.max(this.#wanted, number);
    await this.#carryOn();
  }

  /** Asks for what is missing, over a connection that is new: an answer on its way may never come. */
  async anew(): Promise<void> {
    this.close();
    await this.#carryOn();
  }

  /** What is on its way is given up. */
  close(): void {
    this.#asking.giveUp();
  }

  async #carryOn(): Promise<void> {
    await this.#asking.run(async counts => {
      for (;;) {
        const have = this.#events.at(-1)?.seq ?? 0;
        if (have >= this.#wanted) return;
        const more = await this.#ask(have);
        if (!counts() || more.length === 0) return;
        this.#events = [...this.#events, ...more];
        this.#onEvents(this.#events);
      }
    });
  }
}
