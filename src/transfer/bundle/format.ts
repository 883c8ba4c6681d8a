import { hash } from 'node:crypto';

/**
 * Many small files on one way, without a header of 512 bytes and padding for each: chunks of contents, what they
 * are, and one digest over them. `programs.ts` reads and writes the same.
 *
 * Beginning: length (4) and names with a zero byte between them; with owners 8 bytes for each name. Whoever does not know
 * all names yet sends none, and `named` chunks.
 * Chunk: count (4), length (4), contents one after the other, a record for each, digest (32). Count 0: all is said.
 * A named one goes on with length (4) and names of its records, and with owners 8 bytes for each; the last one with length
 * (4) and shell text that is run in the end.
 * Record: index of the name (4), kind (1), mode (2), size (4), nanoseconds since the epoch (8). All big-endian.
 */
export const KINDS = { file: 0, directory: 1, symlink: 2 } as const;
export type BundleKind = keyof typeof KINDS;

export const HEAD = 8;
export const RECORD = 19;
export const DIGEST = 32;
/** Records of one chunk at most. */
export const MOST_RECORDS = 512;

export interface BundleRecord {
  readonly index: number;
  readonly kind: BundleKind;
  readonly mode: number;
  readonly size: number;
  readonly mtime: bigint;
}

/** What goes ahead of the chunks; `ids` only where owners are set. */
export function bundleStart(names: string, ids: readonly (readonly [uid: number, gid: number])[]): Buffer {
  const owners = Buffer.allocUnsafe(8 * ids.length);
  for (const [index, [uid, gid]] of ids.entries()) {
    owners.writeUInt32BE(uid, 8 * index);
    owners.writeUInt32BE(gid, 8 * index + 4);
  }
  return Buffer.concat([withLength(names), owners]);
}

/** Count 0; after named chunks with shell text, as bytes (latin 1). */
export function bundleEnd(last?: string): Buffer {
  return last === undefined ? Buffer.alloc(HEAD) : Buffer.concat([Buffer.alloc(HEAD), withLength(last)]);
}

function withLength(text: string): Buffer {
  const bytes = Buffer.allocUnsafe(4 + text.length);
  bytes.writeUInt32BE(text.length, 0);
  bytes.write(text, 4, 'latin1');
  return bytes;
}

/** One chunk that is filled where it is sent from. */
export class Chunk {
  readonly bytes: Buffer;
  readonly #room: number;
  readonly #records = Buffer.allocUnsafe(MOST_RECORDS * RECORD);
  #count = 0;
  #length = 0;

  /** `room`: bytes of contents that it takes. */
  constructor(room: number) {
    this.#room = room;
    this.bytes = Buffer.allocUnsafeSlow(HEAD + room + MOST_RECORDS * RECORD + DIGEST);
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }
  /** Where the next contents go. */
  get at(): number {
    return HEAD + this.#length;
  }

  hasRoom(size: number): boolean {
    return this.#count < MOST_RECORDS && this.#length + size <= this.#room;
  }

  /** Its contents are there already, `size` bytes of them. */
  add({ index, kind, mode, size, mtime }: BundleRecord): void {
    const at = this.#count * RECORD;
    const records = this.#records;
    records.writeUInt32BE(index, at);
    records[at + 4] = KINDS[kind];
    records.writeUInt16BE(mode, at + 5);
    records.writeUInt32BE(size, at + 7);
    records.writeBigInt64BE(mtime, at + 11);
    this.#count += 1;
    this.#length += size;
  }

  /** Records so far. */
  get count(): number {
    return this.#count;
  }

  /** As `end`, with names of all records; memory of its own, which may go to another thread. */
  endNamed(names: readonly string[], ids: readonly (readonly [uid: number, gid: number])[]): Buffer {
    const chunk = this.end();
    const named = bundleStart(names.join('\0'), ids);
    const whole = Buffer.allocUnsafeSlow(chunk.length + named.length);
    chunk.copy(whole);
    named.copy(whole, chunk.length);
    return whole;
  }

  /** As it goes over the wire; nothing is added after that. */
  end(): Buffer {
    const { bytes, at } = this;
    bytes.writeUInt32BE(this.#count, 0);
    bytes.writeUInt32BE(this.#length, 4);
    hash('sha256', bytes.subarray(HEAD, at), 'buffer').copy(
      bytes,
      at + this.#records.copy(bytes, at, 0, this.#count * RECORD),
    );
    return bytes.subarray(0, at + this.#count * RECORD + DIGEST);
  }
}
