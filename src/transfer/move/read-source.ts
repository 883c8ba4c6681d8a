import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { type RawPath, rawToBytes, showRaw } from '../../core/raw-path.ts';
import type { Entry } from '../tree/entry.ts';

/** Bytes held in memory for one file. */
const LARGEST = 64 * 1024 * 1024;

export interface SourceFile {
  readonly contents: Buffer;
  readonly mode: number;
  readonly mtime: bigint;
}

/**
 * A small file whole, as it was at one moment: when it changed since it was listed it is read once more, and
 * refused (`transfer.changed`) when it changed while that was done.
 */
export function readWhole(full: RawPath, entry: Entry, follow: boolean): SourceFile {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (follow ? 0 : constants.O_NOFOLLOW);
  const file = openSync(rawToBytes(full), flags);
  try {
    // each call of the system counts where files are many: the listing is the first look
    const first = readSize(file, entry.size);
    if (
      first.after.isFile() &&
      Number(first.after.size) === entry.size &&
      first.after.mtimeNs === entry.mtime
    ) {
      if (first.have === entry.size) return sourceOf(first);
    }
    const before = fstatSync(file, { bigint: true });
    const again = readSize(file, Number(before.size));
    const { size, mtimeNs } = again.after;
    if (
      again.after.isFile() &&
      again.have === Number(size) &&
      size === before.size &&
      mtimeNs === before.mtimeNs
    )
      return sourceOf(again);
  } finally {
    closeSync(file);
  }
  throw changed(entry.path);
}

/**
 * Reads a small file into a place with room for it, as it was listed: the mode it has. Null: it is not as it was,
 * or cannot be read; `readWhole` says more.
 */
export function readUnchanged(
  full: RawPath,
  { size, mtime }: Entry,
  follow: boolean,
  target: Buffer,
  at: number,
): number | null {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (follow ? 0 : constants.O_NOFOLLOW);
  let file: number;
  try {
    // eslint-disable-next-line no-control-regex -- all of ASCII
    file = openSync(/^[\x01-\x7f]*$/.test(full) ? full : rawToBytes(full), flags);
  } catch {
    return null;
  }
  try {
    if (size > 0 && readSync(file, target, at, size, 0) !== size) return null;
    const after = fstatSync(file, { bigint: true });
    if (after.mtimeNs !== mtime || after.size !== BigInt(size) || !after.isFile()) return null;
    return Number(after.mode) & 0o7777;
  } catch {
    return null;
  } finally {
    closeSync(file);
  }
}

interface Read {
  readonly contents: Buffer;
  readonly have: number;
  readonly after: BigIntStats;
}

function readSize(file: number, size: number): Read {
  // what has become large meanwhile is not for here
  if (size > LARGEST) throw new DeckhandError('transfer.changed', 'The file grew while it was read.');
  const contents = Buffer.allocUnsafe(size);
  let have = 0;
  while (have < size) {
    const got = readSync(file, contents, have, size - have, have);
    if (got === 0) break;
    have += got;
  }
  return { contents, have, after: fstatSync(file, { bigint: true }) };
}

function sourceOf({ contents, after }: Read): SourceFile {
  return { contents, mode: Number(after.mode) & 0o7777, mtime: after.mtimeNs };
}

export function changed(path: RawPath): DeckhandError {
  return new DeckhandError(
    'transfer.changed',
    `${showRaw(path) || 'The file'} changed while it was read, twice.`,
  );
}
