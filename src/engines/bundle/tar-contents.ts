import { Writable } from 'node:stream';

/** What is in an archive, as far as it must be known before it is sent. */
export interface TarContents {
  /** Bytes of its files. */
  readonly bytes: number;
  readonly files: number;
  /** Of those names that were asked for, the ones that are in it as a file. */
  readonly found: ReadonlySet<string>;
}

const BLOCK = 512;

/** Looks through a tar as it goes by, block by block; keeps nothing of what is in its files. Fails where it is no tar. */
export class TarReader extends Writable {
  readonly #wanted: ReadonlySet<string>;
  readonly #found = new Set<string>();
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes of the present file that are still to come, with what fills its last block. */
  #skip = 0;
  #bytes = 0;
  #files = 0;

  /** `wanted`: paths in it, without `./` in front. */
  constructor(wanted: readonly string[]) {
    super();
    this.#wanted = new Set(wanted);
  }

  get contents(): TarContents {
    return { bytes: this.#bytes, files: this.#files, found: this.#found };
  }

  override _write(piece: Buffer, _encoding: string, done: (error?: Error) => void): void {
    try {
      this.#take(piece);
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  override _final(done: (error?: Error) => void): void {
    done(this.#skip > 0 || this.#files === 0 ? new Error('it ends too early, or is empty') : undefined);
  }

  #take(piece: Buffer): void {
    let given = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    while (given.length > 0) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, given.length);
        this.#skip -= skipped;
        given = given.subarray(skipped);
      } else if (given.length < BLOCK) break;
      else {
        this.#header(given.subarray(0, BLOCK));
        given = given.subarray(BLOCK);
      }
    }
    this.#rest = Buffer.from(given);
  }

  #header(block: Buffer): void {
    // the end is blocks of zeros
    if (block.every(byte => byte === 0)) return;
    if (checksum(block) !== number(block, 148, 8)) throw new Error('it is no tar');
    const size = number(block, 124, 12);
    const kind = String.fromCharCode(block[156] ?? 0);
    this.#skip = Math.ceil(size / BLOCK) * BLOCK;
    if (kind !== '0' && kind !== '\0') return;
    const name =
      text(block, 345, 155) === '' ? text(block, 0, 100) : `${text(block, 345, 155)}/${text(block, 0, 100)}`;
    const plain = name.replace(/^(\.\/)+/, '');
    if (plain.startsWith('/') || plain.split('/').includes('..'))
      throw new Error(`it leads outside of itself: ${name}`);
    if (this.#wanted.has(plain)) this.#found.add(plain);
    this.#bytes += size;
    this.#files += 1;
  }
}

function text(block: Buffer, at: number, length: number): string {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

/** Octal digits; a number beyond them is written as bytes behind a set bit. */
function number(block: Buffer, at: number, length: number): number {
  const first = block[at] ?? 0;
  if ((first & 0x80) === 0) return Number.parseInt(text(block, at, length).trim() || '0', 8);
  return Number(block.readBigUInt64BE(at + length - 8));
}

/** The sum of all bytes, with blanks in the place of the sum itself. */
function checksum(block: Buffer): number {
  return block.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0);
}
