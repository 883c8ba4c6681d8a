import type { Clock } from '../core/clock.ts';

/** Pauses in milliseconds before a lone session is tried again: one that was just closed may still count. */
const LONE_RETRIES = [50, 150, 400, 1_000];

export interface Session<T> {
  readonly value: T;
  /** Must be called once the session has ended on the server. */
  readonly release: () => void;
}

/**
 * Counts the sessions of one connection. A session the server refuses waits for a running one to end
 * (MaxSessions), in order of arrival; with none running it is refused for good.
 */
export class SessionGate {
  readonly #clock: Clock;
  readonly #isRefusal: (error: unknown) => boolean;
  readonly #waiters: (() => void)[] = [];
  #active = 0;
  #limit = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, isRefusal: (error: unknown) => boolean) {
    this.#clock = clock;
    this.#isRefusal = isRefusal;
  }

  get active(): number {
    return this.#active;
  }

  /** Opens a session as soon as there is room. Throws what `open` threw, or the signal's reason. */
  async enter<T>(open: () => Promise<T>, signal: AbortSignal): Promise<Session<T>> {
    let lone = 0;
    for (;;) {
      signal.throwIfAborted();
      if (this.#active >= this.#limit) {
        await this.#wait(signal);
        continue;
      }
      this.#active += 1;
      try {
        const value = await open();
        return { value, release: once(() => this.#leave()) };
      } catch (error) {
        const others = this.#active - 1;
        if (this.#isRefusal(error) && others > 0) this.#limit = others;
        this.#leave();
        if (!this.#isRefusal(error)) throw error;
        if (others > 0) continue;
        const pause = LONE_RETRIES[lone];
        if (pause === undefined) throw error;
        lone += 1;
        await this.#clock.sleep(pause, signal);
      }
    }
  }

  #leave(): void {
    this.#active -= 1;
    // With nothing running, nothing is known any more of how many the server takes.
    if (this.#active === 0) this.#limit = Number.POSITIVE_INFINITY;
    const free = this.#limit === Number.POSITIVE_INFINITY ? this.#waiters.length : this.#limit - this.#active;
    for (const wake of this.#waiters.splice(0, Math.max(0, free))) wake();
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const stop = (): void => {
        const index = this.#waiters.indexOf(wake);
        if (index >= 0) this.#waiters.splice(index, 1);
        reject(signal.reason as Error);
      };
      this.#waiters.push(wake);
      signal.addEventListener('abort', stop, { once: true });
    });
  }
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}
