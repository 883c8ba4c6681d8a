import type { FileHandle } from 'node:fs/promises';
import type { RawPath } from '../../core/raw-path.ts';
import { showRaw } from '../../core/raw-path.ts';
import { DIGEST } from '../thread/hash-blocks.ts';
import { startThreaded } from '../thread/file-threads.ts';
import type { Entry } from '../tree/entry.ts';
import { openToRead } from '../tree/local-tree.ts';
import { blockOf, changedRuns, Digests, type Run } from './delta-blocks.ts';
import { DeltaOutput, orderOf, receiveScript } from './delta-script.ts';
import type { Job } from './job.ts';
import { changed } from './read-source.ts';
import { runChecked } from './remote-commands.ts';

export interface DeltaUpload {
  readonly job: Job;
  /** On this machine. */
  readonly source: RawPath;
  readonly entry: Entry;
  readonly follow: boolean;
  /** What is on the host now. */
  readonly target: RawPath;
  /** On the host: a copy of the target that is changed in its stead. Undefined: the target itself is changed. */
  readonly part: RawPath | undefined;
}

/**
 * Sends what has changed in a large file, by blocks that are compared by their digests at both ends; what was
 * sent is compared once more when it is written. Resolves when all of it is on the host's disk; returns the
 * bytes that counted as arrived.
 */
export async function uploadDelta(one: DeltaUpload): Promise<number> {
  return await new UploadingDelta(one).run();
}

class UploadingDelta {
  readonly #one: DeltaUpload;
  readonly #block: number;
  readonly #here = new Digests();
  readonly #there = new Digests();
  readonly #runs: Run[] = [];
  readonly #written = new Digests();
  #counted = 0;

  constructor(one: DeltaUpload) {
    this.#one = one;
    this.#block = blockOf(one.entry.size);
  }

  async run(): Promise<number> {
    const { job, source, entry, follow, target, part } = this.#one;
    await using file = await openToRead(source, follow);
    const hashing = startThreaded<{ readonly bytes: Uint8Array }>('blocks', {
      path: source,
      block: this.#block,
    });
    const listening = this.#listen(hashing);
    const output = new DeltaOutput(
      this.#block,
      (bytes, isLast) => {
        this.#there.add(bytes);
        if (isLast) this.#there.complete();
      },
      bytes => this.#written.add(bytes),
    );
    try {
      await runChecked(job, `writing ${showRaw(entry.path)}`, receiveScript(target, part, this.#block), {
        stdin: this.#orders(file),
        onOutput: async bytes => await output.add(bytes),
      });
      await listening;
    } finally {
      hashing.stop();
    }
    if (!this.#isAsSent()) throw changed(entry.path);
    return this.#counted;
  }

  async #listen(hashing: AsyncIterable<{ readonly bytes: Uint8Array }>): Promise<void> {
    try {
      for await (const { bytes } of hashing) this.#here.add(bytes);
    } finally {
      this.#here.complete();
    }
  }

  async *#orders(file: FileHandle): AsyncGenerator<Uint8Array> {
    const { job, entry } = this.#one;
    const { size } = entry;
    const onSame = (bytes: number): void => this.#count(bytes);
    for await (const run of changedRuns(this.#here, this.#there, { block: this.#block, size, onSame })) {
      const piece = Buffer.allocUnsafeSlow(12 + run.length);
      orderOf(run.at, run.length).copy(piece);
      const { bytesRead } = await file.read(piece, 12, run.length, run.at);
      if (bytesRead < run.length) throw changed(entry.path);
      await job.rate.take(piece.length, job.signal);
      this.#runs.push(run);
      yield piece;
      this.#count(run.length);
      job.counts.bytes += run.length;
    }
    yield orderOf(size, 0);
  }

  #count(bytes: number): void {
    this.#counted += bytes;
    this.#one.job.arrived(bytes, this.#one.entry.path);
  }

  /** What the host read back of each block it was sent is what was read here when the blocks were compared. */
  #isAsSent(): boolean {
    let index = 0;
    for (const { at, length } of this.#runs)
      for (let offset = 0; offset < length; offset += this.#block, index += 1)
        if (!this.#written.of(index).equals(this.#here.of((at + offset) / this.#block))) return false;
    return this.#written.count === index && this.#written.of(index).length % DIGEST === 0;
  }
}
