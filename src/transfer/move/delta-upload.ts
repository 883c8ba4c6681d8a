import type { FileHandle } from 'node:fs/promises';
import type { RawPath } from '../../core/raw-path.ts';
import { showRaw } from '../../core/raw-path.ts';
import { DIGEST } from '../thread/hash-blocks.ts';
import type { Entry } from '../tree/entry.ts';
import { openToRead } from '../tree/local-tree.ts';
import { changedRuns, Digests, type Run } from './delta-blocks.ts';
import { orderOf, receiveScript } from './delta-script.ts';
import { DeltaSides } from './delta-sides.ts';
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
  await using file = await openToRead(one.source, one.follow);
  using sides = new DeltaSides(one.job, one.entry, one.source);
  return await new UploadingDelta(one, sides).run(file);
}

class UploadingDelta {
  readonly #one: DeltaUpload;
  readonly #sides: DeltaSides;
  readonly #runs: Run[] = [];
  readonly #written = new Digests();

  constructor(one: DeltaUpload, sides: DeltaSides) {
    this.#one = one;
    this.#sides = sides;
  }

  async run(file: FileHandle): Promise<number> {
    const { job, entry, target, part } = this.#one;
    const output = this.#sides.output(bytes => this.#written.add(bytes));
    const script = receiveScript(target, part, this.#sides.block);
    await runChecked(job, `writing ${showRaw(entry.path)}`, script, {
      stdin: this.#orders(file),
      onOutput: async bytes => await output.add(bytes),
    });
    await this.#sides.hashed();
    if (!this.#isAsSent()) throw changed(entry.path);
    return this.#sides.counted;
  }

  async *#orders(file: FileHandle): AsyncGenerator<Uint8Array> {
    const { job, entry } = this.#one;
    const { size } = entry;
    const { here, there, block, count } = this.#sides;
    for await (const run of changedRuns(here, there, { block, size, onSame: count })) {
      const piece = Buffer.allocUnsafeSlow(12 + run.length);
      orderOf(run.at, run.length).copy(piece);
      const { bytesRead } = await file.read(piece, 12, run.length, run.at);
      if (bytesRead < run.length) throw changed(entry.path);
      await job.rate.take(piece.length, job.signal);
      this.#runs.push(run);
      yield piece;
      count(run.length);
      job.counts.bytes += run.length;
    }
    yield orderOf(size, 0);
  }

  /** What the host read back of each block it was sent is what was read here when the blocks were compared. */
  #isAsSent(): boolean {
    const { here, block } = this.#sides;
    let index = 0;
    for (const { at, length } of this.#runs)
      for (let offset = 0; offset < length; offset += block, index += 1)
        if (!this.#written.of(index).equals(here.of((at + offset) / block))) return false;
    return this.#written.count === index && this.#written.of(index).length % DIGEST === 0;
  }
}
