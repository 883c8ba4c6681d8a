import { LARGEST_PACKET } from './protocol-numbers.ts';
import { protocolError } from './wire.ts';

/** Pieces of one packet after which they are joined: a server that dribbles must not cost an object per byte. */
const MOST_PIECES = 64;

/**
 * Cuts a stream of bytes into packets. A packet is given as the pieces it arrived in, without its
 * length field, so that data needs no copy. Holds at most one packet; a wrong length throws
 * `transfer.protocol`.
 */
export class PacketSplitter {
  readonly #onPacket: (pieces: Buffer[]) => void;
  #pieces: Buffer[] = [];
  #have = 0;
  /** Bytes of the packet at hand; 0 while its length is not known. */
  #need = 0;

  constructor(onPacket: (pieces: Buffer[]) => void) {
    this.#onPacket = onPacket;
  }

  /** True between two packets: an end of the stream here loses nothing. */
  get isEmpty(): boolean {
    return this.#have === 0 && this.#need === 0;
  }

  add(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#pieces.push(bytes);
    this.#have += bytes.length;
    while (this.#hasLength() && this.#have >= this.#need) {
      const packet = this.#cut(this.#need);
      this.#need = 0;
      this.#onPacket(packet);
    }
    if (this.#pieces.length > MOST_PIECES) this.#join();
  }

  #hasLength(): boolean {
    if (this.#need > 0) return true;
    if (this.#have < 4) return false;
    const [head] = this.#cut(4, true);
    const length = head?.readUInt32BE(0) ?? 0;
    if (length < 1 || length > LARGEST_PACKET) {
      const text = head?.every(byte => byte >= 0x20 && byte < 0x7f) ? ` ("${head.toString('latin1')}")` : '';
      throw protocolError(`a packet of ${length} bytes${text}`);
    }
    this.#need = length;
    return true;
  }

  /** Takes `length` bytes off the front; as one piece if `whole`. */
  #cut(length: number, whole = false): Buffer[] {
    const taken: Buffer[] = [];
    let left = length;
    let used = 0;
    while (left > 0) {
      const piece = this.#pieces[used] as Buffer;
      if (piece.length <= left) {
        taken.push(piece);
        used += 1;
        left -= piece.length;
      } else {
        taken.push(piece.subarray(0, left));
        this.#pieces[used] = piece.subarray(left);
        left = 0;
      }
    }
    this.#pieces.splice(0, used);
    this.#have -= length;
    return whole && taken.length > 1 ? [Buffer.concat(taken)] : taken;
  }

  #join(): void {
    this.#pieces = [Buffer.concat(this.#pieces)];
  }
}
