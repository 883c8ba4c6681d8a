import { DIGEST } from '../thread/hash-blocks.ts';
import type { Entry } from '../tree/entry.ts';
import { isSparse } from '../tree/entry.ts';

/** Files from which comparing blocks may cost less than sending them. */
const WORTH = 8 * 1024 * 1024;
const SMALLEST = 16 * 1024;
const LARGEST = 256 * 1024;
/** Blocks of one file, about. */
const MANY = 65_536;
/** Bytes of neighbouring blocks that travel as one. */
const RUN = 256 * 1024;
/** Bytes that are the same on both sides, told at once. */
const TOLD = 4 * 1024 * 1024;

/** Whether what is there may share enough with what should be there. */
export function isWorthComparing(wanted: Entry, existing: Entry | null | undefined): boolean {
  if (existing?.type !== 'file' || isSparse(wanted) || isSparse(existing)) return false;
  return wanted.size >= WORTH && existing.size >= wanted.size / 4;
}

/** Bytes of a block: small ones find small changes, and cost a digest each. */
export function blockOf(size: number): number {
  let block = SMALLEST;
  while (block < LARGEST && size / block > MANY) block *= 2;
  return block;
}

/** Digests that come from one side, piece by piece. */
export class Digests {
  /** With room for more: copying all of them for each piece took most of the time. */
  #bytes = Buffer.alloc(0);
  #length = 0;
  #isComplete = false;
  #wake: (() => void) | undefined;

  get count(): number {
    return Math.floor(this.#length / DIGEST);
  }

  add(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(length, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
    this.#wake?.();
  }

  complete(): void {
    this.#isComplete = true;
    this.#wake?.();
  }

  /** It is there, or never will be. */
  isKnown(index: number): boolean {
    return this.#isComplete || (index + 1) * DIGEST <= this.#length;
  }

  /** Waits until there is more than `count`, or nothing more to come. */
  async beyond(count: number): Promise<void> {
    while (!this.isKnown(count)) await new Promise<void>(resolve => (this.#wake = resolve));
  }

  of(index: number): Buffer {
    return this.#bytes.subarray(index * DIGEST, Math.min((index + 1) * DIGEST, this.#length));
  }

  isSame(other: Digests, index: number): boolean {
    const [from, to] = [index * DIGEST, (index + 1) * DIGEST];
    if (to > this.#length || to > other.#length) return false;
    return this.#bytes.compare(other.#bytes, from, to, from, to) === 0;
  }
}

export interface Run {
  readonly at: number;
  readonly length: number;
}

/** Runs of blocks that differ, as soon as both sides have said enough; `onSame` is told the bytes of the others, many at once. */
export async function* changedRuns(
  wanted: Digests,
  existing: Digests,
  { block, size, onSame }: { readonly block: number; readonly size: number; onSame: (bytes: number) => void },
): AsyncGenerator<Run> {
  const count = Math.ceil(size / block);
  const bytesOf = (index: number): number => Math.min(block, size - index * block);
  let run: { at: number; length: number } | undefined;
  const sides = [wanted, existing];
  let same = 0;
  const tell = (): void => {
    if (same > 0) onSame(same);
    same = 0;
  };
  for (let index = 0; index < count; index += 1) {
    // there are many blocks, and a promise for each costs more than comparing it
    for (const side of sides) {
      if (side.isKnown(index)) continue;
      tell();
      await side.beyond(index);
    }
    if (wanted.isSame(existing, index)) {
      same += bytesOf(index);
      if (same >= TOLD) tell();
      if (run !== undefined) yield run;
      run = undefined;
      continue;
    }
    run ??= { at: index * block, length: 0 };
    run.length += bytesOf(index);
    if (run.length < RUN) continue;
    yield run;
    run = undefined;
  }
  tell();
  if (run !== undefined) yield run;
}
