const FIRST_SIZE = 4096;

/**
 * The first `limit` bytes of a stream and the true count of all. Copies: a kept slice of the socket's
 * buffer would keep that whole buffer alive.
 */
export class OutputCollector {
  readonly #limit: number;
  #kept = new Uint8Array(0);
  #length = 0;
  #total = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(bytes: Uint8Array): void {
    this.#total += bytes.length;
    const part = bytes.subarray(0, this.#limit - this.#length);
    if (part.length === 0) return;
    this.#reserve(this.#length + part.length);
    this.#kept.set(part, this.#length);
    this.#length += part.length;
  }

  /** True bytes seen, also beyond what was kept. */
  get total(): number {
    return this.#total;
  }
  get truncated(): boolean {
    return this.#total > this.#length;
  }
  bytes(): Uint8Array {
    return this.#kept.slice(0, this.#length);
  }

  #reserve(size: number): void {
    if (size <= this.#kept.length) return;
    const grown = new Uint8Array(Math.min(this.#limit, Math.max(size, FIRST_SIZE, this.#kept.length * 2)));
    grown.set(this.#kept.subarray(0, this.#length));
    this.#kept = grown;
  }
}
