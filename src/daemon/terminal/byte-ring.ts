const LINE_FEED = 10;
const ESCAPE = 27;
/** Bytes in which a place is looked for where a screen can begin. */
const LOOK = 4096;

/** The last bytes of a stream, found by their place in the whole. */
export class ByteRing {
  readonly #ring: Buffer;
  #total = 0;

  /** `limit`: bytes kept. */
  constructor(limit: number) {
    this.#ring = Buffer.alloc(limit);
  }

  /** Bytes that ever came. */
  get total(): number {
    return this.#total;
  }
  /** Place of the oldest byte that is still here. */
  get start(): number {
    return Math.max(0, this.#total - this.#ring.length);
  }

  add(bytes: Uint8Array): void {
    const limit = this.#ring.length;
    const kept = bytes.length > limit ? bytes.subarray(bytes.length - limit) : bytes;
    const place = (this.#total + bytes.length - kept.length) % limit;
    const first = Math.min(kept.length, limit - place);
    this.#ring.set(kept.subarray(0, first), place);
    this.#ring.set(kept.subarray(first), 0);
    this.#total += bytes.length;
  }

  /** At most `most` bytes from a place on that is still here; a copy. */
  read(from: number, most: number): Uint8Array {
    const count = Math.max(0, Math.min(most, this.#total - from));
    const place = from % this.#ring.length;
    const first = this.#ring.subarray(place, Math.min(place + count, this.#ring.length));
    return Buffer.concat([first, this.#ring.subarray(0, count - first.length)]);
  }

  /**
   * Where somebody goes on who saw so many bytes: there, or at the first place that is still here and in the middle
   * of no character and no escape sequence.
   */
  placeFor(seen: number): number {
    if (seen >= this.start && seen <= this.#total) return seen;
    if (this.start === 0) return 0;
    const oldest = this.read(this.start, LOOK);
    const whole = oldest.findIndex((byte, index) => byte === ESCAPE || oldest[index - 1] === LINE_FEED);
    return this.start + Math.max(whole, 0);
  }
}
