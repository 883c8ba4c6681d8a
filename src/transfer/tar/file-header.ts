import { BLOCK, encodeHeader } from './header.ts';
import type { RawPath } from '../../core/raw-path.ts';

/**
 * The headers of ordinary files, written straight into the stream: what `encodeHeader` gives, byte for byte, at
 * a tenth of its cost. For the rest there is `encodeHeader`.
 */
export interface PlainFile {
  readonly name: RawPath;
  readonly size: number;
  readonly mode: number;
  /** Nanoseconds since the epoch. */
  readonly mtime: bigint;
  readonly uid: number;
  readonly gid: number;
}

const SECOND = 1_000_000_000n;
/** From here to the next power of ten a second has ten digits: 2001 to 2286. */
const [FIRST, LAST] = [1_000_000_000n * SECOND, 4_294_967_295n * SECOND];
const MOST = 8 ** 7 - 1;
const [MODE, UID, GID, SIZE, TIME] = [100, 108, 116, 124, 136];
const CHECKSUM = 148;

const EMPTY = encodeHeader({
  path: '',
  type: 'file',
  size: 0,
  mode: 0,
  mtime: 0n,
  uid: 0,
  gid: 0,
  link: null,
});
/** The records that hold a part of a second, of which only nineteen digits differ. */
const RECORD = encodeHeader({
  path: '',
  type: 'file',
  size: 0,
  mode: 0,
  mtime: FIRST + 1n,
  uid: 0,
  gid: 0,
  link: null,
}).subarray(0, 2 * BLOCK);
const DIGITS = BLOCK + '30 mtime='.length;
/** Of a header whose name is empty, and whose numbers are all zeros. */
const EMPTY_SUM = Number.parseInt(EMPTY.toString('latin1', CHECKSUM, CHECKSUM + 6), 8);

/** Bytes that the headers take; 0: this file needs `encodeHeader`. */
export function fileHeaderLength({ name, size, mtime, uid, gid }: PlainFile): number {
  if (name.length === 0 || name.length > 100 || mtime < FIRST || mtime > LAST) return 0;
  if (size > 2 ** 31 - 1 || uid > MOST || gid > MOST) return 0;
  return mtime % SECOND === 0n ? BLOCK : 3 * BLOCK;
}

/** Writes them at a place with that much room. */
export function writeFileHeader(target: Buffer, at: number, file: PlainFile): void {
  const { name, size, mode, mtime, uid, gid } = file;
  const time = mtime.toString();
  const [seconds, part] = [time.slice(0, 10), time.slice(10)];
  let start = at;
  if (part !== '000000000') {
    RECORD.copy(target, start);
    target.write(`${seconds}.${part}`, start + DIGITS, 'latin1');
    start += 2 * BLOCK;
  }
  EMPTY.copy(target, start);
  target.write(name, start, 'latin1');
  let sum = EMPTY_SUM;
  for (let index = 0; index < name.length; index += 1) sum += name.charCodeAt(index);
  sum += writeOctal(target, start + MODE, 7, mode);
  sum += writeOctal(target, start + UID, 7, uid);
  sum += writeOctal(target, start + GID, 7, gid);
  sum += writeOctal(target, start + SIZE, 11, size);
  sum += writeOctal(target, start + TIME, 11, Number(seconds));
  writeOctal(target, start + CHECKSUM, 6, sum);
}

/** Returns by how much the digits are more than zeros. */
function writeOctal(target: Buffer, at: number, digits: number, value: number): number {
  let rest = value;
  let sum = 0;
  for (let index = at + digits - 1; index >= at; index -= 1) {
    const digit = rest & 7;
    target[index] = 48 + digit;
    sum += digit;
    rest >>>= 3;
  }
  return sum;
}
