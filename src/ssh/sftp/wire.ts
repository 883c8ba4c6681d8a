import { DeckhandError } from '../../core/deckhand-error.ts';

/** The server said something the protocol does not allow. */
export function protocolError(what: string): DeckhandError {
  return new DeckhandError('transfer.protocol', `The SFTP server of the host broke the protocol: ${what}.`);
}

/** Reads fields from one packet's body; every length is held against what is there. */
export class WireReader {
  readonly #bytes: Buffer;
  #position: number;

  constructor(bytes: Buffer, position = 0) {
    this.#bytes = bytes;
    this.#position = position;
  }

  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  uint32(): number {
    const at = this.#take(4);
    return this.#bytes.readUInt32BE(at);
  }

  uint64(): bigint {
    const at = this.#take(8);
    return this.#bytes.readBigUInt64BE(at);
  }

  /** A view of the packet, not a copy. */
  string(): Buffer {
    const length = this.uint32();
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** A number of items that follow, each at least `least` bytes: more cannot be there. */
  count(least: number): number {
    const count = this.uint32();
    if (count * least > this.remaining) throw protocolError(`it announced ${count} items and sent fewer`);
    return count;
  }

  #take(length: number): number {
    if (length > this.remaining) throw protocolError(`a field of ${length} bytes is longer than its packet`);
    const at = this.#position;
    this.#position += length;
    return at;
  }
}

export type Field =
  | { readonly kind: 'uint32'; readonly value: number }
  | { readonly kind: 'uint64'; readonly value: number }
  | { readonly kind: 'string'; readonly value: Uint8Array }
  | { readonly kind: 'raw'; readonly value: Uint8Array };

export const uint32 = (value: number): Field => ({ kind: 'uint32', value });
/** `value`: a whole number up to 2^53. */
export const uint64 = (value: number): Field => ({ kind: 'uint64', value });
export const string = (value: Uint8Array | string): Field => ({
  kind: 'string',
  value: typeof value === 'string' ? Buffer.from(value, 'utf8') : value,
});
/** Bytes without a length before them. */
export const raw = (value: Uint8Array): Field => ({ kind: 'raw', value });

/** One packet: length, type, request id and fields. */
export function encodePacket(type: number, id: number, fields: readonly Field[]): Buffer {
  const body = fields.reduce((sum, field) => sum + sizeOf(field), 0);
  const packet = Buffer.allocUnsafe(9 + body);
  packet.writeUInt32BE(5 + body, 0);
  packet.writeUInt8(type, 4);
  packet.writeUInt32BE(id, 5);
  let at = 9;
  for (const field of fields) at = writeField(packet, at, field);
  return packet;
}

function sizeOf(field: Field): number {
  if (field.kind === 'uint32') return 4;
  if (field.kind === 'uint64') return 8;
  return (field.kind === 'string' ? 4 : 0) + field.value.length;
}

function writeField(packet: Buffer, at: number, field: Field): number {
  if (field.kind === 'uint32') return packet.writeUInt32BE(field.value, at);
  if (field.kind === 'uint64') return packet.writeBigUInt64BE(BigInt(field.value), at);
  const start = field.kind === 'string' ? packet.writeUInt32BE(field.value.length, at) : at;
  packet.set(field.value, start);
  return start + field.value.length;
}
