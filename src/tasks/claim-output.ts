import type { OutputStream } from '../core/command-run.ts';
import type { OutputPiece } from '../core/task-event.ts';

/** Bytes in one chunk of kept output. */
const CHUNK = 64 * 1024;
/**
 * Milliseconds that output waits for more before it is kept, at most: what a follower may lag behind. All claims
 * give at the same moments of the clock, so that what many of them print is kept in one commit.
 */
const WAIT = 80;
/** The same for a claim that has gone on printing: who reads a stream of lines sees no difference. */
const STEADY_WAIT = 120;
/** Bytes given away and not kept yet, above which the producer waits. */
const ROOM = 1024 * 1024;

/**
 * Gathers the output of one claim into chunks, in order of arrival, and holds its producer back while
 * too much of it is not kept yet.
 */
export class ClaimOutput {
  readonly #keep: (pieces: readonly OutputPiece[]) => Promise<void>;
  readonly #now: () => number;
  readonly #at: Record<OutputStream, number>;
  #pieces: OutputPiece[] = [];
  #gathered = 0;
  #unkept = 0;
  #timer: NodeJS.Timeout | undefined;
  #lastGiven = Number.NEGATIVE_INFINITY;
  #roomWaiters: (() => void)[] = [];

  constructor(
    seen: { readonly stdout: number; readonly stderr: number },
    now: () => number,
    keep: (pieces: readonly OutputPiece[]) => Promise<void>,
  ) {
    this.#now = now;
    this.#at = { ...seen };
    this.#keep = keep;
  }

  /** What to wait for before giving more; undefined when there is room. */
  give(stream: OutputStream, bytes: Uint8Array): Promise<void> | undefined {
    for (let from = 0; from < bytes.length; from += CHUNK) {
      const part = bytes.subarray(from, from + CHUNK);
      if (this.#gathered + part.length > CHUNK) this.flush();
      this.#pieces.push({ stream, at: this.#at[stream], bytes: part });
      this.#at[stream] += part.length;
      this.#gathered += part.length;
    }
    if (this.#pieces.length > 0) this.#timer ??= setTimeout(() => this.flush(), this.#pause());
    if (this.#unkept + this.#gathered <= ROOM) return undefined;
    return new Promise(resolve => this.#roomWaiters.push(resolve));
  }

  #pause(): number {
    const now = this.#now();
    const wait = now - this.#lastGiven < 2 * STEADY_WAIT ? STEADY_WAIT : WAIT;
    return wait - (now % wait);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pieces.length === 0) return;
    this.#lastGiven = this.#now();
    const size = this.#gathered;
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#gathered = 0;
    this.#unkept += size;
    void this.#keepAll(pieces, size);
  }

  async #keepAll(pieces: readonly OutputPiece[], size: number): Promise<void> {
    await this.#keep(pieces);
    this.#unkept -= size;
    if (this.#unkept > ROOM / 2) return;
    const waiters = this.#roomWaiters;
    this.#roomWaiters = [];
    for (const resolve of waiters) resolve();
  }
}
