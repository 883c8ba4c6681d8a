import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import type { RawPath } from '../../core/raw-path.ts';

/** Numbers of one thing. */
const NUMBERS = 10;
const ROWS = 1024;

/**
 * One digest over all that a listing of this machine is made from, and the times of change (ctime), which
 * nobody can set back. Made by a tenth of the work of a listing: nothing is kept.
 */
export class LocalFingerprint {
  readonly #hash = createHash('sha256');
  readonly #rows = new BigInt64Array(ROWS * NUMBERS);
  #texts: string[] = [];
  #count = 0;
  #newest = 0n;
  #isWhole = true;

  /** `link`: what a symbolic link says. */
  add(path: RawPath, stats: BigIntStats, link: RawPath | null): void {
    const rows = this.#rows;
    const at = this.#next(path, link ?? '');
    rows[at] = 1n;
    rows[at + 1] = stats.mode;
    rows[at + 2] = stats.size;
    rows[at + 3] = stats.mtimeNs;
    rows[at + 4] = stats.ctimeNs;
    rows[at + 5] = stats.uid;
    rows[at + 6] = stats.gid;
    rows[at + 7] = stats.ino;
    rows[at + 8] = stats.dev;
    rows[at + 9] = stats.nlink;
    if (stats.ctimeNs > this.#newest) this.#newest = stats.ctimeNs;
  }

  /** That it is there is all that matters. */
  addExcluded(path: RawPath): void {
    const at = this.#next(path, '');
    this.#rows.fill(0n, at, at + NUMBERS);
  }

  /** Something could not be looked into. */
  problem(): void {
    this.#isWhole = false;
  }

  /** Milliseconds since the epoch of the last change of anything in it. */
  get newest(): number {
    return Number(this.#newest / 1_000_000n);
  }

  /** Null: it does not stand for the whole tree. */
  digest(): string | null {
    this.#flush();
    return this.#isWhole ? this.#hash.digest('hex') : null;
  }

  #next(path: RawPath, link: RawPath): number {
    if (this.#count === ROWS) this.#flush();
    this.#texts.push(path, link);
    this.#count += 1;
    return (this.#count - 1) * NUMBERS;
  }

  #flush(): void {
    if (this.#count === 0) return;
    this.#hash.update(this.#rows.subarray(0, this.#count * NUMBERS));
    // names have no zero byte, so no two lists of them are one text
    this.#hash.update(`${this.#texts.join('\0')}\0\0`, 'latin1');
    this.#texts = [];
    this.#count = 0;
  }
}
