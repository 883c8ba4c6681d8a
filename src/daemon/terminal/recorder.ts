import { mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import type { TerminalSize } from '../../api/terminal-contract.ts';
import type { Clock } from '../../core/clock.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';

/** Bytes of one recording; a terminal that would need more is closed. */
const LARGEST = 128 * 1024 * 1024;
/** Bytes of all of them; the oldest go. */
const ALL = 1024 * 1024 * 1024;

export interface RecordedAbout extends TerminalSize {
  readonly id: string;
  readonly host: string;
  readonly who: string;
  readonly term: string;
}

/**
 * What a terminal showed, with its times: asciicast v2, of which each line is JSON. Only output is written. Methods
 * throw `terminal.not-recorded`.
 */
export class Recorder {
  readonly #file: FileHandle;
  readonly #clock: Clock;
  readonly #begun: number;
  readonly #limit: number;
  readonly #decoder = new StringDecoder('utf8');
  #bytes = 0;

  private constructor(file: FileHandle, clock: Clock, limit: number) {
    this.#file = file;
    this.#clock = clock;
    this.#begun = clock.monotonic();
    this.#limit = limit;
  }

  /** `folder`: made when it is not there; only this account reads it. */
  static async open(
    folder: string,
    { id, host, who, term, columns, rows }: RecordedAbout,
    clock: Clock,
    limit = LARGEST,
  ): Promise<Recorder> {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await makeRoom(folder, ALL - limit);
      const recorder = new Recorder(await open(join(folder, `${id}.cast`), 'wx', 0o600), clock, limit);
      await recorder.#write({
        version: 2,
        width: columns,
        height: rows,
        timestamp: Math.floor(clock.now() / 1000),
        title: `${who} on ${host}`,
        env: { TERM: term },
      });
      return recorder;
    } catch (error) {
      throw notRecorded(error);
    }
  }

  async output(bytes: Uint8Array): Promise<void> {
    const text = this.#decoder.write(bytes);
    if (text !== '') await this.#event('o', text);
  }

  async resize({ columns, rows }: TerminalSize): Promise<void> {
    await this.#event('r', `${columns}x${rows}`);
  }

  async close(): Promise<void> {
    const rest = this.#decoder.end();
    if (rest !== '') await this.#event('o', rest).catch(() => undefined);
    await this.#file.close();
  }

  async #event(kind: 'o' | 'r', text: string): Promise<void> {
    const seconds = Math.round(this.#clock.monotonic() - this.#begun) / 1000;
    await this.#write([seconds, kind, text]);
  }

  async #write(line: unknown): Promise<void> {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    this.#bytes += bytes.length;
    if (this.#bytes > this.#limit)
      throw new DeckhandError(
        'terminal.not-recorded',
        `The recording reached its limit of ${this.#limit} bytes.`,
      );
    try {
      await this.#file.appendFile(bytes);
    } catch (error) {
      throw notRecorded(error);
    }
  }
}

/** Removes the oldest recordings until the others need no more than `most` bytes. */
async function makeRoom(folder: string, most: number): Promise<void> {
  const names = (await readdir(folder)).filter(name => name.endsWith('.cast'));
  // ids sort by time
  let left = most;
  for (const name of names.toSorted().toReversed()) {
    const path = join(folder, name);
    left -= (await stat(path).catch(() => ({ size: 0 }))).size;
    if (left < 0) await rm(path, { force: true });
  }
}

function notRecorded(cause: unknown): DeckhandError {
  if (cause instanceof DeckhandError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new DeckhandError('terminal.not-recorded', `The terminal cannot be recorded: ${why}.`, { cause });
}
