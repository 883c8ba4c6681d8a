/** Collects at most `limit` bytes and counts the rest. */
export class BoundedBytes {
  readonly #pieces: Uint8Array[] = [];
  readonly #limit: number;
  #kept = 0;
  #total = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(bytes: Uint8Array): void {
    this.#total += bytes.length;
    const room = this.#limit - this.#kept;
    if (room <= 0) return;
    const piece = bytes.slice(0, room);
    this.#pieces.push(piece);
    this.#kept += piece.length;
  }

  /** True bytes seen. */
  get total(): number {
    return this.#total;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#pieces);
  }
}
