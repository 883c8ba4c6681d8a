import { constants } from 'node:fs';
import { copyFile, type FileHandle, open } from 'node:fs/promises';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { type RawPath, rawToBytes, showRaw } from '../../core/raw-path.ts';
import { startThreaded } from '../thread/file-threads.ts';
import { digestsOf } from '../thread/hash-blocks.ts';
import type { Entry } from '../tree/entry.ts';
import { blockOf, changedRuns, Digests, type Run } from './delta-blocks.ts';
import { DeltaOutput, orderOf, sendScript } from './delta-script.ts';
import type { Job } from './job.ts';
import { changed } from './read-source.ts';
import { runChecked } from './remote-commands.ts';

export interface DeltaDownload {
  readonly job: Job;
  /** On the host. */
  readonly source: RawPath;
  readonly entry: Entry;
  /** What is here now. */
  readonly target: RawPath;
  /** Here: a copy of the target that is changed in its stead. Undefined: the target itself is changed. */
  readonly part: RawPath | undefined;
}

/**
 * Fetches what has changed in a large file, by blocks that are compared by their digests at both ends; each
 * block that comes is compared with the digest that the host gave for it. Resolves when all is on the disk.
 */
export async function downloadDelta(one: DeltaDownload): Promise<void> {
  await new DownloadingDelta(one).run();
}

class DownloadingDelta {
  readonly #one: DeltaDownload;
  readonly #block: number;
  readonly #here = new Digests();
  readonly #there = new Digests();
  /** Asked for, and not whole yet. */
  readonly #waiting: Run[] = [];
  #gathered: Uint8Array[] = [];
  #length = 0;
  #counted = 0;

  constructor(one: DeltaDownload) {
    this.#one = one;
    this.#block = blockOf(one.entry.size);
  }

  async run(): Promise<void> {
    const { job, source, entry, target, part } = this.#one;
    const path = rawToBytes(part ?? target);
    if (part !== undefined) await copyFile(rawToBytes(target), path, constants.COPYFILE_FICLONE);
    await using file = await open(path, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0));
    const hashing = startThreaded<{ readonly bytes: Uint8Array }>('blocks', {
      path: part ?? target,
      block: this.#block,
    });
    const listening = this.#listen(hashing);
    const output = new DeltaOutput(
      this.#block,
      (bytes, isLast) => {
        this.#there.add(bytes);
        if (isLast) this.#there.complete();
      },
      async bytes => await this.#take(file, bytes),
    );
    try {
      await runChecked(job, `reading ${showRaw(entry.path)}`, sendScript(source, this.#block), {
        stdin: this.#orders(),
        onOutput: async bytes => {
          await job.rate.take(bytes.length, job.signal);
          await output.add(bytes);
        },
      });
      await listening;
    } catch (error) {
      job.arrived(-this.#counted, entry.path);
      throw error;
    } finally {
      hashing.stop();
    }
    if (output.size !== entry.size || this.#waiting.length > 0) throw changed(entry.path);
    await file.truncate(entry.size);
    await file.datasync();
    job.counts.verified += 1;
  }

  async #listen(hashing: AsyncIterable<{ readonly bytes: Uint8Array }>): Promise<void> {
    try {
      for await (const { bytes } of hashing) this.#here.add(bytes);
    } finally {
      this.#here.complete();
    }
  }

  async *#orders(): AsyncGenerator<Uint8Array> {
    const { size } = this.#one.entry;
    const onSame = (bytes: number): void => this.#count(bytes);
    for await (const run of changedRuns(this.#there, this.#here, { block: this.#block, size, onSame })) {
      this.#waiting.push(run);
      yield orderOf(run.at, run.length);
    }
    yield orderOf(0, 0);
  }

  async #take(file: FileHandle, piece: Uint8Array): Promise<void> {
    // the memory of a piece is its giver's
    for (let bytes: Uint8Array = Buffer.from(piece); bytes.length > 0; ) {
      const [run] = this.#waiting;
      if (run === undefined)
        throw new DeckhandError('transfer.protocol', 'The host sent blocks that nobody asked for.');
      const taken = bytes.subarray(0, run.length - this.#length);
      this.#gathered.push(taken);
      this.#length += taken.length;
      bytes = bytes.subarray(taken.length);
      if (this.#length === run.length) await this.#write(file, run);
    }
  }

  async #write(file: FileHandle, run: Run): Promise<void> {
    const contents = Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#length = 0;
    this.#waiting.shift();
    const digests = new Digests();
    digests.add(digestsOf(contents, this.#block));
    const first = run.at / this.#block;
    for (let index = 0; index < digests.count; index += 1)
      if (!digests.of(index).equals(this.#there.of(first + index))) throw changed(this.#one.entry.path);
    await file.write(contents, 0, contents.length, run.at);
    this.#one.job.counts.bytes += contents.length;
    this.#count(contents.length);
  }

  #count(bytes: number): void {
    this.#counted += bytes;
    this.#one.job.arrived(bytes, this.#one.entry.path);
  }
}
