import type { Clock } from '../core/clock.ts';
import { Holder } from '../holder/holder.ts';
import type { SshConnection } from '../ssh/connection.ts';

const DAY = 86_400_000;
/** What ended longer ago has been seen by whoever wanted to. */
const KEEP_FOR = 7 * DAY;
/** Milliseconds after the first use of a connection; short visits clean nothing. */
const FIRST = 30_000;
const EVERY = DAY / 4;
/** Milliseconds that one clean-up may take. */
const LIMIT = 300_000;

/**
 * Removes what runs leave on hosts once nobody can want it any more: a while after a connection was opened,
 * then now and again as long as it is. What it cannot remove stays for the next time.
 */
export class SpoolKeeper {
  readonly #clock: Clock;
  readonly #known = new WeakSet<SshConnection>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `lostAfter` = milliseconds after which a run that nobody saw end counts as lost. */
  see(connection: SshConnection, lostAfter: number): void {
    if (this.#known.has(connection)) return;
    this.#known.add(connection);
    this.#later(connection, FIRST, Math.max(KEEP_FOR, lostAfter + DAY));
  }

  #later(connection: SshConnection, wait: number, olderThan: number): void {
    const timer = setTimeout(() => {
      void this.#clean(connection, olderThan).then(() => this.#later(connection, EVERY, olderThan));
    }, wait).unref();
    void connection.closed.then(() => clearTimeout(timer));
  }

  async #clean(connection: SshConnection, olderThan: number): Promise<void> {
    const holder = new Holder(connection, { clock: this.#clock });
    const signal = AbortSignal.timeout(LIMIT);
    try {
      await holder.cleanUp('user', { olderThan, keep: Number.MAX_SAFE_INTEGER, signal });
    } catch {
      // a host that is busy or gone is cleaned another time
    }
  }
}
