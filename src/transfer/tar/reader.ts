import { DeckhandError } from '../../core/deckhand-error.ts';
import { type RawPath, rawFromBytes } from '../../core/raw-path.ts';
import { BLOCK, checksumOf, type Member, paddingOf } from './header.ts';

/** Bytes of a name, a link or a set of pax records: no file system has longer ones. */
const LONGEST_FIELD = 128 * 1024;
const SECOND = 1_000_000_000n;
const NOTHING = Buffer.alloc(0);

export interface TarListener {
  /** A member begins; contents follow in pieces. False: its contents are read over. */
  readonly onMember: (member: Member, isKnown: boolean) => Promise<void> | void;
  readonly onContents: (bytes: Buffer) => Promise<void> | void;
  /** All contents of the member were given. */
  readonly onEnd: () => Promise<void> | void;
}

/** Reads archives of any kind from pieces of bytes, one after the other, holding one header at most. */
export class TarReader {
  readonly #listener: TarListener;
  #rest: Buffer = NOTHING;
  /** Contents and padding still to come. */
  #contents = 0;
  #padding = 0;
  #isOpen = false;
  /** A field for the next member that is longer than a header. */
  #field: { readonly flag: string; readonly size: number } | undefined;
  #longName: RawPath | undefined;
  #longLink: RawPath | undefined;
  #records: ReadonlyMap<string, Buffer> = new Map();
  #sawEnd = false;

  constructor(listener: TarListener) {
    this.#listener = listener;
  }

  /** An archive ended as it should, and nothing is half read. */
  get isComplete(): boolean {
    return this.#sawEnd && !this.#isOpen && this.#contents === 0 && this.#field === undefined;
  }

  async add(piece: Uint8Array): Promise<void> {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    for (let at = 0; at < bytes.length; ) {
      const left = bytes.length - at;
      if (this.#contents > 0) {
        const given = Math.min(this.#contents, left);
        await this.#giveContents(bytes.subarray(at, at + given));
        at += given;
      } else if (this.#padding > 0) {
        const skipped = Math.min(this.#padding, left);
        this.#padding -= skipped;
        at += skipped;
      } else at += await this.#gather(bytes, at);
    }
  }

  async #giveContents(piece: Buffer): Promise<void> {
    this.#contents -= piece.length;
    await this.#listener.onContents(piece);
    if (this.#contents === 0) await this.#endMember();
  }

  async #endMember(): Promise<void> {
    this.#isOpen = false;
    await this.#listener.onEnd();
  }

  /** Collects a header block, or the long field that was announced; how much of the piece it took. */
  async #gather(bytes: Buffer, at: number): Promise<number> {
    const wanted = this.#field === undefined ? BLOCK : this.#field.size + paddingOf(this.#field.size);
    const missing = wanted - this.#rest.length;
    if (bytes.length - at < missing) {
      // a copy: the piece belongs to whoever gave it
      this.#rest = Buffer.concat([this.#rest, bytes.subarray(at)]);
      return bytes.length - at;
    }
    const found = bytes.subarray(at, at + missing);
    const whole = this.#rest.length === 0 ? found : Buffer.concat([this.#rest, found]);
    this.#rest = NOTHING;
    if (this.#field === undefined) await this.#onHeader(whole);
    else this.#onField(this.#field, whole.subarray(0, this.#field.size));
    return missing;
  }

  #onField({ flag }: { readonly flag: string }, value: Buffer): void {
    this.#field = undefined;
    if (flag === 'L') this.#longName = untilZero(value);
    else if (flag === 'K') this.#longLink = untilZero(value);
    else if (flag === 'x') this.#records = parseRecords(value);
  }

  async #onHeader(block: Buffer): Promise<void> {
    if (block[0] === 0 && block.every(byte => byte === 0)) {
      this.#sawEnd = true;
      return;
    }
    this.#sawEnd = false;
    if (readOctal(block, 148, 8) !== checksumOf(block)) throw broken('a header with a wrong checksum');
    const flag = String.fromCharCode(block[156] ?? 0);
    const size = readNumber(block, 124, 12);
    if (!Number.isSafeInteger(size) || size < 0) throw broken(`a member of ${size} bytes`);
    if (flag === 'L' || flag === 'K' || flag === 'x' || flag === 'g') {
      if (size > LONGEST_FIELD) throw broken(`a name of ${size} bytes`);
      if (size > 0) this.#field = { flag, size };
      return;
    }
    await this.#begin(block, flag, size);
  }

  async #begin(block: Buffer, flag: string, size: number): Promise<void> {
    const type = MEMBER_TYPES[flag];
    const records = this.#records;
    const record = (key: string): RawPath | undefined => {
      const value = records.get(key);
      return value && rawFromBytes(value);
    };
    const name = record('path') ?? this.#longName ?? headerName(block);
    const recordSize = records.get('size');
    const trueSize = recordSize ? Number(recordSize.toString('latin1')) : size;
    if (!Number.isSafeInteger(trueSize) || trueSize < 0) throw broken(`a member of ${trueSize} bytes`);
    const time = records.get('mtime')?.toString('latin1');
    const link = record('linkpath') ?? this.#longLink ?? text(block, 157, 100);
    const member: Member = {
      path: name.replace(/\/+$/, ''),
      type: type ?? 'file',
      size: trueSize,
      mode: readNumber(block, 100, 8) & 0o7777,
      mtime: time === undefined ? BigInt(readNumber(block, 136, 12)) * SECOND : parseTime(time),
      uid: readNumber(block, 108, 8),
      gid: readNumber(block, 116, 8),
      link: type === 'symlink' || type === 'hardlink' ? link : null,
    };
    this.#longName = undefined;
    this.#longLink = undefined;
    this.#records = new Map();
    // links and folders have no contents, whatever their header says of the size
    this.#contents = type === undefined || type === 'file' ? trueSize : 0;
    this.#padding = paddingOf(this.#contents);
    this.#isOpen = true;
    await this.#listener.onMember(member, type !== undefined);
    if (this.#contents === 0) await this.#endMember();
  }
}

const MEMBER_TYPES: Readonly<Record<string, Member['type']>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '5': 'directory',
};

function headerName(block: Buffer): RawPath {
  const name = text(block, 0, 100);
  // the old GNU format keeps other things where ustar has the front of a long name
  const isPosix = block.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isPosix ? text(block, 345, 155) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function untilZero(bytes: Buffer): RawPath {
  return text(bytes, 0, bytes.length);
}

/** Up to the first zero byte; no piece of memory is made for it, of which a header would need twenty. */
function text(block: Buffer, at: number, length: number): RawPath {
  let end = at;
  while (end < at + length && block[end] !== 0) end += 1;
  return block.toString('latin1', at, end);
}

const SPACE = 0x20;
const ZERO = 0x30;

function readOctal(block: Buffer, at: number, length: number): number {
  let from = at;
  let end = at;
  while (end < at + length && block[end] !== 0) end += 1;
  while (from < end && block[from] === SPACE) from += 1;
  while (end > from && block[end - 1] === SPACE) end -= 1;
  let value = 0;
  for (let index = from; index < end; index += 1) {
    const digit = (block[index] ?? 0) - ZERO;
    if (digit < 0 || digit > 7) return Number.NaN;
    value = value * 8 + digit;
  }
  return value;
}

function readNumber(block: Buffer, at: number, length: number): number {
  const first = block[at] ?? 0;
  if ((first & 0x80) === 0) return readOctal(block, at, length);
  let value = BigInt(first & 0x7f);
  for (let index = 1; index < length; index += 1) value = (value << 8n) | BigInt(block[at + index] ?? 0);
  return Number(first & 0x40 ? BigInt.asIntN(length * 8 - 1, value) : value);
}

function parseRecords(bytes: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(bytes.toString('latin1', at, space));
    const record = bytes.subarray(space + 1, at + length - 1);
    const equals = record.indexOf(0x3d);
    if (!Number.isSafeInteger(length) || length < 5 || at + length > bytes.length || equals < 0)
      throw broken('a pax record of a wrong length');
    records.set(record.toString('latin1', 0, equals), Buffer.from(record.subarray(equals + 1)));
    at += length;
  }
  return records;
}

function parseTime(text: string): bigint {
  const found = /^(-?)(\d{1,18})(?:\.(\d*))?$/.exec(text);
  if (!found) throw broken('a time that is none');
  const [, sign, seconds = '0', part = ''] = found;
  const time = BigInt(seconds) * SECOND + BigInt(part.slice(0, 9).padEnd(9, '0'));
  return sign === '-' ? -time : time;
}

function broken(what: string): DeckhandError {
  return new DeckhandError('transfer.protocol', `The archive from the host is broken: ${what}.`);
}
