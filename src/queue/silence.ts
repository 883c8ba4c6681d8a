/** Milliseconds without a sign of life from which on one looks closer. */
const QUIET = 3000;
/** Milliseconds of silence after which it no longer matters why. */
const STARVED_LIMIT = 120_000;

/** What the system says of a process. */
export interface Pulse {
  /** Milliseconds of processor time it has had so far. */
  readonly used: number;
  /** Somebody has stopped it: it does not run whatever there is to do. */
  readonly stopped: boolean;
}

/**
 * Whether a process that says nothing is stuck, or only waits for its turn: among forty others it may have had a
 * quarter of a second in ten, and giving its work to one more process makes that worse. Stuck is what is stopped, what
 * has had processor time enough to say something, and what has run for nothing at all.
 */
export class Silence {
  readonly #limit: number;
  readonly #pulse: () => Pulse | null;
  #quiet: { readonly used: number; last: number; ranAt: number } | undefined;

  /** `limit`: milliseconds of wall clock, or of its own processor time, in which a process says something. */
  constructor(limit: number, pulse: () => Pulse | null) {
    this.#limit = limit;
    this.#pulse = pulse;
  }

  /** To be asked about every second. */
  isStuck(now: number, lastSeen: number): boolean {
    const silent = now - lastSeen;
    if (silent <= Math.min(QUIET, this.#limit)) {
      this.#quiet = undefined;
      return false;
    }
    const pulse = this.#pulse();
    // where the system does not tell, the wall clock has to do
    if (pulse === null) return silent > this.#limit;
    this.#quiet ??= { used: pulse.used, last: pulse.used, ranAt: lastSeen };
    const quiet = this.#quiet;
    if (pulse.used > quiet.last) {
      quiet.last = pulse.used;
      quiet.ranAt = now;
    }
    if (silent <= this.#limit) return false;
    const hadItsTurn = pulse.used - quiet.used >= this.#limit - QUIET;
    const runsNoMore = now - quiet.ranAt > this.#limit;
    return pulse.stopped || hadItsTurn || runsNoMore || silent > STARVED_LIMIT;
  }
}
