import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { type RawPath, rawToBytes, showRaw } from '../../core/raw-path.ts';
import type { Entry } from '../tree/entry.ts';

export interface SourceFile {
  readonly contents: Buffer;
  readonly mode: number;
  readonly mtime: bigint;
}

/**
 * A small file whole, as it was at one moment: when it changed while it was read it is read once more, and
 * then refused (`transfer.changed`).
 */
export function readWhole(full: RawPath, { path }: Entry, follow: boolean): SourceFile {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (follow ? 0 : constants.O_NOFOLLOW);
  const file = openSync(rawToBytes(full), flags);
  try {
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const before = fstatSync(file, { bigint: true });
      if (!before.isFile()) break;
      const contents = Buffer.allocUnsafe(Number(before.size));
      let have = 0;
      while (have < contents.length) {
        const got = readSync(file, contents, have, contents.length - have, have);
        if (got === 0) break;
        have += got;
      }
      const after = fstatSync(file, { bigint: true });
      if (have === contents.length && before.size === after.size && before.mtimeNs === after.mtimeNs)
        return { contents, mode: Number(after.mode) & 0o7777, mtime: after.mtimeNs };
    }
  } finally {
    closeSync(file);
  }
  throw changed(path);
}

export function changed(path: RawPath): DeckhandError {
  return new DeckhandError(
    'transfer.changed',
    `${showRaw(path) || 'The file'} changed while it was read, twice.`,
  );
}
