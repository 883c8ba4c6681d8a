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
  #bytes = Buffer.alloc(0);
  #isComplete = false;
  #wake: (() => void) | undefined;

  get count(): number {
    return Math.floor(this.#bytes.length / DIGEST);
  }
  get isComplete(): boolean {
    return this.#isComplete;
  }

  add(bytes: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    this.#wake?.();
  }

  complete(): void {
    this.#isComplete = true;
    this.#wake?.();
  }

  /** Waits until there is more than `count`, or nothing more to come. */
  async beyond(count: number): Promise<void> {
    while (this.count <= count && !this.#isComplete)
      await new Promise<void>(resolve => (this.#wake = resolve));
  }

  of(index: number): Buffer {
    return this.#bytes.subarray(index * DIGEST, (index + 1) * DIGEST);
  }

  isSame(other: Digests, index: number): boolean {
    return index < this.count && index < other.count && this.of(index).equals(other.of(index));
  }
}

export interface Run {
  readonly at: number;
  readonly length: number;
}

/** Runs of blocks that differ, as soon as both sides have said enough; `onSame` is told the bytes of the others. */
export async function* changedRuns(
  wanted: Digests,
  existing: Digests,
  { block, size, onSame }: { readonly block: number; readonly size: number; onSame: (bytes: number) => void },
): AsyncGenerator<Run> {
  const count = Math.ceil(size / block);
  const bytesOf = (index: number): number => Math.min(block, size - index * block);
  let run: { at: number; length: number } | undefined;
  for (let index = 0; index < count; index += 1) {
    await wanted.beyond(index);
    await existing.beyond(index);
    if (wanted.isSame(existing, index)) {
      onSame(bytesOf(index));
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
  if (run !== undefined) yield run;
}
