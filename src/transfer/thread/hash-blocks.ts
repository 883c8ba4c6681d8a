import { hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type RawPath, rawToBytes } from '../../core/raw-path.ts';

/** Bytes of a block's digest: the first half of a SHA-256. */
export const DIGEST = 16;
/** Bytes that are read at once. */
const RUN = 4 * 1024 * 1024;

export interface BlocksInput {
  readonly path: RawPath;
  /** Bytes of a block; a divisor of 4 MiB. */
  readonly block: number;
}

/** Work of a thread: the digests of a file's blocks, in order, those of some MiB in each item. */
export async function* hashBlocks({
  path,
  block,
}: BlocksInput): AsyncGenerator<{ readonly bytes: Uint8Array }> {
  const file = openSync(rawToBytes(path), 'r');
  const buffer = Buffer.allocUnsafeSlow(RUN);
  try {
    for (;;) {
      let have = 0;
      for (let got = -1; got !== 0 && have < RUN; have += got)
        got = readSync(file, buffer, have, RUN - have, null);
      if (have === 0) return;
      yield { bytes: digestsOf(buffer.subarray(0, have), block) };
      if (have < RUN) return;
      await nextTurn();
    }
  } finally {
    closeSync(file);
  }
}

/** One digest after the other; the last block may be short. */
export function digestsOf(contents: Uint8Array, block: number): Buffer {
  const digests = Buffer.allocUnsafeSlow(Math.ceil(contents.length / block) * DIGEST);
  for (let at = 0, to = 0; at < contents.length; at += block, to += DIGEST)
    hash('sha256', contents.subarray(at, at + block), 'buffer').copy(digests, to, 0, DIGEST);
  return digests;
}
