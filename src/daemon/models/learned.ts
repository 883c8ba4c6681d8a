import { DeckhandError } from '../../core/deckhand-error.ts';

/** Something that is found out once for all who ask, and anew after it was forgotten or could not be found out. */
export class Learned<Value> {
  readonly #learn: (signal: AbortSignal) => Promise<Value>;
  readonly #limit: number;
  #value: Promise<Value> | null = null;

  /** `limit`: milliseconds that finding out may take. It does not end when one who asked leaves. */
  constructor(limit: number, learn: (signal: AbortSignal) => Promise<Value>) {
    this.#limit = limit;
    this.#learn = learn;
  }

  async get(signal: AbortSignal): Promise<Value> {
    signal.throwIfAborted();
    if (!this.#value) {
      const value = this.#inTime();
      this.#value = value;
      value.catch(() => {
        if (this.#value === value) this.#value = null;
      });
    }
    const { promise: left, reject } = Promise.withResolvers<never>();
    const leave = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([this.#value, left]);
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  async #inTime(): Promise<Value> {
    const late = AbortSignal.timeout(this.#limit);
    try {
      return await this.#learn(late);
    } catch (error) {
      if (!late.aborted) throw error;
      // whoever was told to stop says that it was cancelled, which nobody wished
      const text = `How to speak to it was not found out within ${this.#limit / 1000} seconds.`;
      throw new DeckhandError('engine.down', text, { cause: error });
    }
  }

  forget(): void {
    this.#value = null;
  }
}
