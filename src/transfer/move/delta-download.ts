import { constants } from 'node:fs';
import { copyFile, type FileHandle, open } from 'node:fs/promises';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { type RawPath, rawToBytes, showRaw } from '../../core/raw-path.ts';
import { digestsOf } from '../thread/hash-blocks.ts';
import type { Entry } from '../tree/entry.ts';
import { changedRuns, Digests, type Run } from './delta-blocks.ts';
import { orderOf, sendScript } from './delta-script.ts';
import { DeltaSides } from './delta-sides.ts';
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
  const { job, entry, target, part } = one;
  const path = part ?? target;
  if (part !== undefined) await copyFile(rawToBytes(target), rawToBytes(part), constants.COPYFILE_FICLONE);
  await using file = await open(rawToBytes(path), constants.O_RDWR | (constants.O_NOFOLLOW ?? 0));
  using sides = new DeltaSides(job, entry, path);
  await new DownloadingDelta(one, sides).run(file);
}

class DownloadingDelta {
  readonly #one: DeltaDownload;
  readonly #sides: DeltaSides;
  /** Asked for, and not whole yet. */
  readonly #waiting: Run[] = [];
  #gathered: Uint8Array[] = [];
  #length = 0;

  constructor(one: DeltaDownload, sides: DeltaSides) {
    this.#one = one;
    this.#sides = sides;
  }

  async run(file: FileHandle): Promise<void> {
    const { job, source, entry } = this.#one;
    const output = this.#sides.output(async bytes => await this.#take(file, bytes));
    try {
      await runChecked(job, `reading ${showRaw(entry.path)}`, sendScript(source, this.#sides.block), {
        stdin: this.#orders(),
        onOutput: async bytes => {
          await job.rate.take(bytes.length, job.signal);
          await output.add(bytes);
        },
      });
      await this.#sides.hashed();
    } catch (error) {
      job.arrived(-this.#sides.counted, entry.path);
      throw error;
    }
    if (output.size !== entry.size || this.#waiting.length > 0) throw changed(entry.path);
    await file.truncate(entry.size);
    await file.datasync();
    job.counts.verified += 1;
  }

  async *#orders(): AsyncGenerator<Uint8Array> {
    const { size } = this.#one.entry;
    const { here, there, block, count: onSame } = this.#sides;
    for await (const run of changedRuns(there, here, { block, size, onSame })) {
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
    const { block, there } = this.#sides;
    const digests = new Digests();
    digests.add(digestsOf(contents, block));
    const first = run.at / block;
    for (let index = 0; index < digests.count; index += 1)
      if (!digests.of(index).equals(there.of(first + index))) throw changed(this.#one.entry.path);
    await file.write(contents, 0, contents.length, run.at);
    this.#one.job.counts.bytes += contents.length;
    this.#sides.count(contents.length);
  }
}
