import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../../core/deckhand-error.ts';
import { newId } from '../../core/ids.ts';
import { type CarrierState, isForgotten, plainName, stagedFile, type StagedFile } from './staged-file.ts';

const ID = /^staged-[0-9a-z]{10,40}$/;
const META = 'meta.json';
/** Bytes that stay free on the disk. */
const SPARE = 1024 ** 3;
const LARGEST = 64 * 1024 ** 3;
/** Milliseconds from one look for what may go to the next. */
const TIDIED = 60_000;
/** Of one caller at once. */
const MOST = 32;

export interface StagingParts {
  readonly folder: string;
  readonly clock: Pick<Clock, 'now'>;
  /** How a task stands. */
  readonly carrier: (task: string) => Promise<CarrierState>;
  readonly onTrouble: (error: DeckhandError) => void;
}

/** Files on their way between somebody afar and hosts. */
export class Staging implements AsyncDisposable {
  readonly #parts: StagingParts;
  readonly #timer: NodeJS.Timeout;
  #tidying: Promise<void> = Promise.resolve();

  constructor(parts: StagingParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#look(), TIDIED).unref();
    this.#look();
  }

  #look(): void {
    this.#tidying = this.#tidying
      .then(async () => await this.tidy())
      .catch((error: unknown) => this.#parts.onTrouble(toDeckhandError(error)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#tidying;
  }

  /** Throws `input.invalid`, `store.full`. */
  async beginUpload(who: string, name: string, size: number): Promise<string> {
    if (!Number.isSafeInteger(size) || size < 0 || size > LARGEST)
      throw new DeckhandError('input.invalid', `size: at most ${LARGEST} bytes.`, {
        details: { field: 'size' },
      });
    await this.#requireRoom(size);
    const meta: StagedFile = { who, name: plainName(name), way: 'up', size, task: null };
    const id = await this.#begin(meta);
    await writeFile(this.#fileOf(id, meta), '', { mode: 0o600 });
    return id;
  }

  /** Gives the id and where the file is to be put. */
  async beginDownload(who: string, name: string): Promise<{ readonly id: string; readonly path: string }> {
    const meta: StagedFile = { who, name: plainName(name), way: 'down', size: null, task: null };
    const id = await this.#begin(meta);
    return { id, path: this.#fileOf(id, meta) };
  }

  /** Throws `transfer.missing`, `input.invalid` when the piece belongs elsewhere. */
  async add(who: string, id: string, at: number, bytes: Uint8Array): Promise<number> {
    const meta = await this.#known(who, id);
    const { way, size, task } = meta;
    if (way !== 'up' || task !== null || size === null)
      throw new DeckhandError('input.invalid', `${id} takes nothing more.`);
    await using file = await open(this.#fileOf(id, meta), 'r+');
    const have = (await file.stat()).size;
    if (at > have || at + bytes.length > size)
      throw new DeckhandError('input.invalid', `at: ${have} of ${size} bytes are there.`, {
        details: { field: 'at', received: have },
      });
    await file.write(bytes, 0, bytes.length, at);
    return Math.max(have, at + bytes.length);
  }

  /** Where a file that came whole is. Throws `transfer.missing`, `input.invalid`. */
  async whole(who: string, id: string): Promise<string> {
    const meta = await this.#known(who, id);
    const { way, size, task } = meta;
    const path = this.#fileOf(id, meta);
    const have = (await stat(path)).size;
    if (way === 'up' && task === null && have === size) return path;
    throw new DeckhandError('input.invalid', `${id}: ${have} of ${size ?? 0} bytes are there.`);
  }

  /** From now on it goes with this task. */
  async carriedBy(who: string, id: string, task: string): Promise<void> {
    await this.#write(id, { ...(await this.#known(who, id)), task });
  }

  /** The bytes of what was fetched. Throws `transfer.missing`. */
  async *fetched(who: string, id: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const meta = await this.#known(who, id);
    const { way, task } = meta;
    if (way !== 'down' || task === null || (await this.#parts.carrier(task)) !== 'succeeded')
      throw missing(id);
    const path = this.#fileOf(id, meta);
    if (!(await stat(path).catch(() => null))?.isFile()) throw missing(id);
    yield* createReadStream(path, { signal, highWaterMark: 256 * 1024 }) as AsyncIterable<Uint8Array>;
  }

  async remove(id: string): Promise<void> {
    await rm(join(this.#parts.folder, id), { recursive: true, force: true });
  }

  #fileOf(id: string, { name }: Pick<StagedFile, 'name'>): string {
    return join(this.#parts.folder, id, 'file', name);
  }

  /** Removes what nobody waits for any more. */
  async tidy(): Promise<void> {
    const { folder, clock, carrier } = this.#parts;
    for (const id of await readdir(folder).catch(() => [])) {
      if (!ID.test(id)) continue;
      const meta = await this.#read(id);
      const task = meta?.task ?? null;
      const state = task === null ? 'none' : await carrier(task);
      const age = clock.now() - (await this.#touched(id, meta));
      if (isForgotten(meta ?? { way: 'down' }, state, age)) await this.remove(id);
    }
  }

  /** When it was last written, milliseconds since the epoch. */
  async #touched(id: string, meta: StagedFile | null): Promise<number> {
    const place = join(this.#parts.folder, id);
    const places = [place, join(place, 'file'), ...(meta ? [this.#fileOf(id, meta)] : [])];
    const times = await Promise.all(
      places.map(async each => (await stat(each).catch(() => null))?.mtimeMs ?? 0),
    );
    return Math.max(...times);
  }

  async #begin(meta: StagedFile): Promise<string> {
    await this.tidy();
    const { folder, clock } = this.#parts;
    const ids = (await readdir(folder).catch(() => [])).filter(id => ID.test(id));
    const all = await Promise.all(ids.map(async id => await this.#read(id)));
    if (all.filter(one => one?.who === meta.who).length >= MOST)
      throw new DeckhandError('input.invalid', `${MOST} files are on their way already.`);
    const id = newId('staged', clock.now());
    await mkdir(join(folder, id, 'file'), { recursive: true, mode: 0o700 });
    await this.#write(id, meta);
    return id;
  }

  async #requireRoom(size: number): Promise<void> {
    const { folder } = this.#parts;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize - size > SPARE) return;
    throw new DeckhandError('store.full', `${size} bytes do not fit beside what must stay free.`);
  }

  async #known(who: string, id: string): Promise<StagedFile> {
    const meta = ID.test(id) ? await this.#read(id) : null;
    if (meta?.who === who) return meta;
    throw missing(id);
  }

  async #read(id: string): Promise<StagedFile | null> {
    const text = await readFile(join(this.#parts.folder, id, META), 'utf8').catch(() => '');
    try {
      return stagedFile.parse(JSON.parse(text));
    } catch {
      return null;
    }
  }

  async #write(id: string, meta: StagedFile): Promise<void> {
    const file = join(this.#parts.folder, id, META);
    await writeFile(`${file}.new`, JSON.stringify(meta), { mode: 0o600 });
    await rename(`${file}.new`, file);
  }
}

function missing(id: string): DeckhandError {
  return new DeckhandError('transfer.missing', `${id.slice(0, 60)}: no such file waits here.`);
}
