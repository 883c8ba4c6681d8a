import { DeckhandError } from '../../core/deckhand-error.ts';

/** Message numbers of the connection protocol (RFC 4254). */
export const MESSAGE = {
  open: 90,
  openConfirmation: 91,
  openFailure: 92,
  windowAdjust: 93,
  data: 94,
  extendedData: 95,
  endOfFile: 96,
  close: 97,
  request: 98,
  success: 99,
  failure: 100,
} as const;

/** Messages of a control socket before it becomes a proxy (OpenSSH's PROTOCOL.mux). */
export const CONTROL = {
  hello: 0x0000_0001,
  aliveCheck: 0x1000_0004,
  openForward: 0x1000_0006,
  closeForward: 0x1000_0007,
  proxy: 0x1000_000f,
  done: 0x8000_0001,
  alive: 0x8000_0005,
  remotePort: 0x8000_0007,
  proxied: 0x8000_000f,
} as const;
export const CONTROL_VERSION = 4;

/** More than OpenSSH ever puts in one packet (256 KiB). */
export const LONGEST_FRAME = 1024 * 1024;

export function uint32(...values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value >>> 0, index * 4));
  return bytes;
}

/** A string with its length before it. */
export function lengthPrefixed(value: string | Uint8Array): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** A control message with its length. */
export function controlFrame(type: number, ...values: readonly number[]): Buffer {
  return lengthPrefixed(uint32(type, ...values));
}

/** The head of a packet whose body of `size` bytes follows: length, no padding, message number, `fields`. */
export function packetHead(message: number, size: number, ...fields: readonly number[]): Buffer {
  const head = Buffer.allocUnsafe(6 + fields.length * 4);
  head.writeUInt32BE(2 + fields.length * 4 + size, 0);
  head.writeUInt8(0, 4);
  head.writeUInt8(message, 5);
  fields.forEach((value, index) => head.writeUInt32BE(value >>> 0, 6 + index * 4));
  return head;
}

/** Reads the fields of one frame in order; a frame that is too short is a broken protocol. */
export class Fields {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  byte(): number {
    return this.#take(1).readUInt8(0);
  }
  uint32(): number {
    return this.#take(4).readUInt32BE(0);
  }
  /** Not a copy: lives as long as what was read from the socket. */
  bytes(): Buffer {
    return this.#take(this.uint32());
  }
  text(): string {
    return this.bytes().toString('utf8');
  }

  #take(count: number): Buffer {
    const end = this.#offset + count;
    if (end > this.#bytes.length) throw brokenProtocol(`a frame of ${this.#bytes.length} bytes is too short`);
    const taken = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return taken;
  }
}

/** Cuts what arrives into frames; only a frame that came in several pieces is copied. */
export class FrameReader {
  readonly #head = Buffer.alloc(4);
  #headLength = 0;
  #frame: Buffer | null = null;
  #frameLength = 0;

  /** Throws `internal.defect` when this cannot be a control socket. */
  feed(bytes: Buffer, onFrame: (frame: Buffer) => void): void {
    let offset = 0;
    while (offset < bytes.length) {
      if (this.#frame === null) {
        offset += this.#readHead(bytes, offset);
        if (this.#headLength < 4) return;
        const length = this.#head.readUInt32BE(0);
        if (length > LONGEST_FRAME) throw brokenProtocol(`a frame of ${length} bytes`);
        this.#headLength = 0;
        if (bytes.length - offset >= length) {
          onFrame(bytes.subarray(offset, offset + length));
          offset += length;
          continue;
        }
        this.#frame = Buffer.allocUnsafe(length);
        this.#frameLength = 0;
      }
      const frame = this.#frame;
      const count = bytes.copy(frame, this.#frameLength, offset);
      offset += count;
      this.#frameLength += count;
      if (this.#frameLength < frame.length) return;
      this.#frame = null;
      onFrame(frame);
    }
  }

  #readHead(bytes: Buffer, offset: number): number {
    const count = bytes.copy(this.#head, this.#headLength, offset, offset + 4 - this.#headLength);
    this.#headLength += count;
    return count;
  }
}

export function brokenProtocol(what: string): DeckhandError {
  return new DeckhandError('internal.defect', `The control socket of ssh sent ${what}.`);
}
