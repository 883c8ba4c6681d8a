import { type RawPath, rawToBytes } from '../../core/raw-path.ts';

export const BLOCK = 512;
const SECOND = 1_000_000_000n;

/** One member of an archive. Directories' names end in no slash here. */
export interface Member {
  readonly path: RawPath;
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink';
  /** Bytes of contents that follow; 0 for all but files. */
  readonly size: number;
  readonly mode: number;
  /** Nanoseconds since the epoch. */
  readonly mtime: bigint;
  readonly uid: number;
  readonly gid: number;
  /** Of links. */
  readonly link: RawPath | null;
}

const TYPE_FLAGS = { file: '0', hardlink: '1', symlink: '2', directory: '5' } as const;

/**
 * A member's header blocks in the GNU format, which every tar reads (busybox knows no pax names), with a
 * pax record for what it cannot hold: the part of a second.
 */
export function encodeHeader(member: Member): Buffer {
  const name = rawToBytes(member.type === 'directory' ? `${member.path}/` : member.path);
  const link = rawToBytes(member.link ?? '');
  const blocks: Buffer[] = [];
  if (member.mtime % SECOND !== 0n) blocks.push(...paxTime(member.mtime));
  if (link.length > 100) blocks.push(...longField('K', link));
  if (name.length > 100) blocks.push(...longField('L', name));
  blocks.push(
    plainHeader({
      name,
      link,
      flag: TYPE_FLAGS[member.type],
      size: member.type === 'file' ? member.size : 0,
      mode: member.mode,
      mtime: floorSeconds(member.mtime),
      uid: member.uid,
      gid: member.gid,
    }),
  );
  return blocks.length === 1 ? (blocks[0] as Buffer) : Buffer.concat(blocks);
}

/** Zero bytes after contents of this size, up to the next block. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** Ends an archive. */
export const ARCHIVE_END = Buffer.alloc(2 * BLOCK);

interface Fields {
  readonly name: Uint8Array;
  readonly link: Uint8Array;
  readonly flag: string;
  readonly size: number;
  readonly mode: number;
  /** Seconds. */
  readonly mtime: number;
  readonly uid: number;
  readonly gid: number;
}

function plainHeader({ name, link, flag, size, mode, mtime, uid, gid }: Fields): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.set(name.subarray(0, 100), 0);
  writeNumber(block, 100, 8, mode);
  writeNumber(block, 108, 8, uid);
  writeNumber(block, 116, 8, gid);
  writeNumber(block, 124, 12, size);
  writeNumber(block, 136, 12, mtime);
  block.write(flag, 156, 'latin1');
  block.set(link.subarray(0, 100), 157);
  block.write('ustar  \0', 257, 'latin1');
  block.fill(0x20, 148, 156);
  block.write(`${checksumOf(block, 265).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** The sum of all bytes, the checksum's own field taken as spaces. Ours have nothing but zeros after `end`. */
export function checksumOf(block: Uint8Array, end = BLOCK): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < 148; at += 1) sum += block[at] as number;
  for (let at = 156; at < end; at += 1) sum += block[at] as number;
  return sum;
}

/** Octal digits; binary with the first bit set for what has no room as such, or is negative. */
function writeNumber(block: Buffer, at: number, length: number, value: number): void {
  if (value >= 0 && value < 8 ** (length - 1)) {
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
    return;
  }
  let rest = BigInt.asUintN(length * 8, BigInt(value));
  for (let index = length - 1; index >= 0; index -= 1) {
    block[at + index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  block[at] = value < 0 ? 0xff : 0x80 | ((block[at] ?? 0) & 0x7f);
}

function longField(flag: string, value: Uint8Array): Buffer[] {
  const size = value.length + 1;
  const name = Buffer.from('././@LongLink');
  const header = plainHeader({ ...NOTHING, name, flag, size });
  return [header, Buffer.from(value), Buffer.alloc(1 + paddingOf(size))];
}

function paxTime(mtime: bigint): Buffer[] {
  const record = paxRecord(`mtime=${decimalSeconds(mtime)}`);
  const name = Buffer.from('././@PaxHeader');
  const header = plainHeader({ ...NOTHING, name, flag: 'x', size: record.length, mode: 0o644 });
  return [header, record, Buffer.alloc(paddingOf(record.length))];
}

const NOTHING: Fields = {
  name: new Uint8Array(),
  link: new Uint8Array(),
  flag: '0',
  size: 0,
  mode: 0,
  mtime: 0,
  uid: 0,
  gid: 0,
};

/** `LENGTH key=value\n`, the length counting itself. */
function paxRecord(text: string): Buffer {
  let length = text.length + 3;
  while (`${length} ${text}\n`.length !== length) length = `${length} ${text}\n`.length;
  return Buffer.from(`${length} ${text}\n`, 'latin1');
}

function floorSeconds(time: bigint): number {
  return Number(time >= 0n ? time / SECOND : (time - SECOND + 1n) / SECOND);
}

/** `-1.5` for a second and a half before the epoch, as pax has it. */
export function decimalSeconds(time: bigint): string {
  const size = time < 0n ? -time : time;
  const part = (size % SECOND).toString().padStart(9, '0');
  return `${time < 0n ? '-' : ''}${size / SECOND}${part === '000000000' ? '' : `.${part}`}`;
}
