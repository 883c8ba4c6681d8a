import type { RawPath } from '../../core/raw-path.ts';
import { startThreaded } from '../thread/file-threads.ts';
import type { Entry } from '../tree/entry.ts';
import { blockOf, Digests } from './delta-blocks.ts';
import { DeltaOutput } from './delta-script.ts';
import type { Job } from './job.ts';

/** What both directions have in common: a file's blocks, their digests as both sides say them, and what has arrived. */
export class DeltaSides implements Disposable {
  readonly #job: Job;
  readonly #entry: Entry;
  readonly #hashing;
  readonly #listening: Promise<void>;
  readonly block: number;
  readonly here = new Digests();
  readonly there = new Digests();
  /** Bytes that counted as arrived. */
  counted = 0;

  /** `path`: of this machine, whose blocks a thread begins to hash at once. */
  constructor(job: Job, entry: Entry, path: RawPath) {
    [this.#job, this.#entry] = [job, entry];
    this.block = blockOf(entry.size);
    this.#hashing = startThreaded<{ readonly bytes: Uint8Array }>('blocks', { path, block: this.block });
    this.#listening = this.#listen();
    // whoever waits for it is told
    this.#listening.catch(() => undefined);
  }

  /** Takes what the host prints: digests of its blocks, then what `onRest` gets. */
  output(onRest: (bytes: Uint8Array) => void | Promise<void>): DeltaOutput {
    const onDigests = (bytes: Uint8Array, isLast: boolean): void => {
      this.there.add(bytes);
      if (isLast) this.there.complete();
    };
    return new DeltaOutput(this.block, onDigests, onRest);
  }

  /** Throws what kept this machine from reading its file. */
  async hashed(): Promise<void> {
    await this.#listening;
  }

  readonly count = (bytes: number): void => {
    this.counted += bytes;
    this.#job.arrived(bytes, this.#entry.path);
  };

  async #listen(): Promise<void> {
    try {
      for await (const { bytes } of this.#hashing) this.here.add(bytes);
    } finally {
      this.here.complete();
    }
  }

  [Symbol.dispose](): void {
    this.#hashing.stop();
  }
}
