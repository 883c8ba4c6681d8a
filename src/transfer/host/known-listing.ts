import { createHash } from 'node:crypto';

/** Bytes of a listing that are held back while it may still be the one that is known. */
const MOST_HELD = 32 * 1024 * 1024;

/**
 * A listing as it comes from the host. While it may be, to the last byte, the one that was seen the last time,
 * it is only hashed and held back: reading it costs many times as much.
 */
export class KnownListing {
  readonly #read: (bytes: Uint8Array) => void;
  readonly #known: string | null;
  readonly #hash = createHash('sha256');
  /** Fields still to come that say what the host has, not what is there: they come once for each connection. */
  #fieldsBefore: number;
  #held: Uint8Array[] | null;
  #length = 0;

  constructor(
    read: (bytes: Uint8Array) => void,
    { known, fieldsBefore }: { readonly known: string | null; readonly fieldsBefore: number },
  ) {
    this.#read = read;
    this.#known = known;
    this.#fieldsBefore = fieldsBefore;
    this.#held = known === null ? null : [];
  }

  add(bytes: Uint8Array): void {
    const rest = this.#fieldsBefore === 0 ? bytes : this.#afterFields(bytes);
    if (rest.length === 0) return;
    this.#hash.update(rest);
    if (this.#held === null) {
      this.#read(rest);
      return;
    }
    this.#held.push(rest);
    this.#length += rest.length;
    if (this.#length > MOST_HELD) this.#release();
  }

  /** The digest of the whole, with a text that also has to be the same; what was held back is read unless it is known. */
  end(also: string): string {
    const digest = this.#hash.update(`\0\0${also}`).digest('hex');
    // one that was too long to hold is read already
    if (this.#held !== null && digest !== this.#known) this.#release();
    return digest;
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const bytes of held) this.#read(bytes);
  }

  #afterFields(bytes: Uint8Array): Uint8Array {
    let at = 0;
    for (; this.#fieldsBefore > 0 && at < bytes.length; at += 1) if (bytes[at] === 0) this.#fieldsBefore -= 1;
    this.#read(bytes.subarray(0, at));
    return bytes.subarray(at);
  }
}
