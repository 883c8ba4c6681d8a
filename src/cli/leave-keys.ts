const TILDE = 0x7e;
const DOT = 0x2e;
const RETURNS: ReadonlySet<number> = new Set([0x0a, 0x0d]);

/** Finds `~.` at the beginning of a line, as ssh does: the way out of a shell that answers no more. `~~` types one. */
export class LeaveKeys {
  #state: 'line-start' | 'tilde' | 'line' = 'line-start';

  /** What of the keys goes on to the host; null: leave. */
  pass(keys: Uint8Array): Uint8Array | null {
    const through: number[] = [];
    for (const key of keys) {
      if (this.#state === 'tilde') {
        if (key === DOT) return null;
        if (key !== TILDE) through.push(TILDE);
        through.push(key);
        this.#state = RETURNS.has(key) ? 'line-start' : 'line';
      } else if (this.#state === 'line-start' && key === TILDE) this.#state = 'tilde';
      else {
        through.push(key);
        this.#state = RETURNS.has(key) ? 'line-start' : 'line';
      }
    }
    return Uint8Array.from(through);
  }
}
