import { brokenProtocol, LONGEST_FRAME } from './mux-packets.ts';

/** Bytes of a slab; most reads of the system fit several times. */
const SLAB = 256 * 1024;
/** Less room than this is not read into: it would take many small reads. */
const ROOM = 64 * 1024;
/** Slabs kept for later. */
const MOST_FREE = 16;
const HEAD = 4;

/** Where frames lie that were read: its bytes are written over once nobody holds it. */
export interface Lender {
  /** The bytes stay as they are until what this gives is called, once. */
  lend(): () => void;
}

class Slab implements Lender {
  readonly bytes: Buffer;
  holds = 0;
  readonly #onFree: (slab: Slab) => void;
  readonly #release = (): void => {
    this.holds -= 1;
    if (this.holds === 0) this.#onFree(this);
  };

  constructor(size: number, onFree: (slab: Slab) => void) {
    this.bytes = Buffer.allocUnsafeSlow(size);
    this.#onFree = onFree;
  }

  lend(): () => void {
    this.holds += 1;
    return this.#release;
  }
}

/**
 * Frames out of what is read, in memory that is used again: new memory for every read makes the garbage collector take
 * more of the processor than all the rest of a tunnel. A frame's bytes are good until `onFrame` returns, or lent.
 */
export class SlabReader {
  readonly #free: Slab[] = [];
  #slab: Slab;
  /** What was read and not given on yet. */
  #start = 0;
  #end = 0;

  constructor() {
    this.#slab = this.#newSlab(SLAB);
  }

  /** Where the next bytes go. What does not make a whole frame yet is in front of them. */
  room(): Uint8Array {
    const rest = this.#end - this.#start;
    const needed = Math.max(rest + ROOM, this.#frameLength());
    const isFree = this.#slab.holds === 0;
    if (rest === 0 && isFree) this.#start = this.#end = 0;
    else if (this.#start + needed > this.#slab.bytes.length) this.#moveOn(needed);
    return this.#slab.bytes.subarray(this.#end);
  }

  /** So many bytes were read into the room. Throws `internal.defect` when they cannot be frames. */
  take(count: number, onFrame: (frame: Buffer, lender: Lender) => void): void {
    this.#end += count;
    for (let length = this.#frameLength(); this.#end - this.#start >= length; length = this.#frameLength()) {
      const frame = this.#slab.bytes.subarray(this.#start + HEAD, this.#start + length);
      this.#start += length;
      onFrame(frame, this.#slab);
    }
  }

  /** Of the frame that begins the rest, with its head; of one whose head is not there, the head's. */
  #frameLength(): number {
    if (this.#end - this.#start < HEAD) return HEAD + 1;
    const length = this.#slab.bytes.readUInt32BE(this.#start);
    if (length > LONGEST_FRAME) throw brokenProtocol(`a frame of ${length} bytes`);
    return HEAD + length;
  }

  #moveOn(needed: number): void {
    const left = this.#slab;
    const rest = left.bytes.subarray(this.#start, this.#end);
    this.#slab = (needed <= SLAB ? this.#free.pop() : undefined) ?? this.#newSlab(Math.max(needed, SLAB));
    this.#end = rest.copy(this.#slab.bytes);
    this.#start = 0;
    if (left.holds === 0) this.#keep(left);
  }

  #newSlab(size: number): Slab {
    return new Slab(size, slab => {
      if (slab !== this.#slab) this.#keep(slab);
    });
  }

  #keep(slab: Slab): void {
    if (slab.bytes.length === SLAB && this.#free.length < MOST_FREE) this.#free.push(slab);
  }
}
