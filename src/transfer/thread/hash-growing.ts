import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type RawPath, rawToBytes } from '../../core/raw-path.ts';
import { startThreaded, type Threaded } from './file-threads.ts';

const PIECE = 1024 * 1024;
/** Bytes of a word that says how much of the file is there. */
const WORD = 8;

export interface GrowingInput {
  readonly path: RawPath;
}

/** Work of a thread: the SHA-256 of a file that still grows, read as far as the words say that it is there. */
export async function* hashGrowing(
  { path }: GrowingInput,
  words: () => AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly hash: string | null }> {
  const buffer = Buffer.allocUnsafe(PIECE);
  const file = openSync(rawToBytes(path), 'r');
  try {
    const hash = createHash('sha256');
    let at = 0;
    for await (const word of words()) {
      const size = Number(Buffer.from(word).readBigUInt64LE());
      while (at < size) {
        const got = readSync(file, buffer, 0, Math.min(PIECE, size - at), at);
        // it was cut off: what was read before is not what is there
        if (got === 0) {
          yield { hash: null };
          return;
        }
        hash.update(buffer.subarray(0, got));
        at += got;
        await nextTurn();
      }
    }
    yield { hash: hash.digest('hex') };
  } finally {
    closeSync(file);
  }
}

/** The SHA-256 of a file that is being written from its beginning to its end, by a thread that follows it. */
export class GrowingHash implements Disposable {
  readonly #work: Threaded<{ readonly hash: string | null }>;

  constructor(path: RawPath) {
    this.#work = startThreaded('growing', { path } satisfies GrowingInput);
  }

  /** The first `size` bytes are there and stay as they are. */
  async isThere(size: number): Promise<void> {
    const word = Buffer.allocUnsafeSlow(WORD);
    word.writeBigUInt64LE(BigInt(size));
    await this.#work.write(word);
  }

  /** Of as much as was said to be there last. Undefined: it is not there any more. */
  async end(): Promise<string | undefined> {
    this.#work.end();
    for await (const { hash } of this.#work) return hash ?? undefined;
    return undefined;
  }

  [Symbol.dispose](): void {
    this.#work.stop();
  }
}
