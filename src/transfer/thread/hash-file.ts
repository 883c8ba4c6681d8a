import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type RawPath, rawToBytes } from '../../core/raw-path.ts';
import { inThread } from './file-threads.ts';

const PIECE = 1024 * 1024;

export interface HashInput {
  readonly path: RawPath;
  /** Bytes from the start; -1 = all. */
  readonly length: number;
}

/** Work of a thread: the SHA-256 of a file. */
export async function* hashFile({
  path,
  length,
}: HashInput): AsyncGenerator<{ readonly hash: string | null }> {
  yield { hash: await hashOf(path, length).catch(() => null) };
}

async function hashOf(path: RawPath, length: number): Promise<string | null> {
  const buffer = Buffer.allocUnsafe(PIECE);
  const file = openSync(rawToBytes(path), 'r');
  try {
    const hash = createHash('sha256');
    let left = length < 0 ? Number.POSITIVE_INFINITY : length;
    for (let turn = 0; left > 0; turn += 1) {
      // other work of this thread gets its turn
      if (turn % 8 === 7) await nextTurn();
      const got = readSync(file, buffer, 0, Math.min(PIECE, left), null);
      if (got === 0) break;
      hash.update(buffer.subarray(0, got));
      left -= got;
    }
    return length >= 0 && left > 0 ? null : hash.digest('hex');
  } finally {
    closeSync(file);
  }
}

/** SHA-256 of a file of this machine, by a thread. Undefined: it cannot be read, or is shorter than `length` bytes. */
export async function hashLocal(
  path: RawPath,
  length = -1,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const { hash } = await inThread<{ readonly hash: string | null }>('hash', { path, length }, signal);
  return hash ?? undefined;
}
