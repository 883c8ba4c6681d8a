import type { LinePage, LineQuery, OutputLine } from 'deckhand/client';
import { OneAtATime } from '../engine/one-at-a-time.ts';

/** Lines asked for at once. */
const BLOCK = 200;
/** Lines kept; those read longest ago are forgotten. */
const MOST_KEPT = 20_000;

type Ask = (query: LineQuery) => Promise<LinePage>;

/**
 * Lines by their numbers, asked for when somebody wants to see them: one question at a time, always for what is
 * wanted now. Bounded, however long the log is.
 */
export class LineStore {
  readonly #ask: Ask;
  readonly #onLines: () => void;
  readonly #stream: LineQuery['stream'];
  readonly #lines = new Map<number, OutputLine>();
  /** Lines that may be longer by now; shown as they were until they are read again. */
  readonly #stale = new Set<number>();
  #wanted: readonly [from: number, to: number] = [1, 0];
  readonly #asking = new OneAtATime();
  #growth = 0;
  /** How many of the last lines are wanted, whatever their numbers; null = none. */
  #tail: number | null = null;
  #closed = false;
  /** Lines there are, as far as is known. */
  total = 0;
  attempt = 1;

  constructor(ask: Ask, stream: LineQuery['stream'], onLines: () => void) {
    this.#ask = ask;
    this.#stream = stream;
    this.#onLines = onLines;
  }

  get kept(): number {
    return this.#lines.size;
  }
  get(number: number): OutputLine | undefined {
    return this.#lines.get(number);
  }
  close(): void {
    this.#closed = true;
  }
  /** The connection is a new one: an answer that was on its way may never come. */
  giveUp(): void {
    this.#asking.giveUp();
  }

  /** Sees to it that these lines come. Rejects with what the daemon says. */
  async want(from: number, to: number): Promise<void> {
    this.#wanted = [from, to];
    this.#tail = null;
    await this.#carryOn();
  }

  /** The last lines, and how many there are, at once. Asked for again meanwhile: once more afterwards. */
  async tail(count: number): Promise<void> {
    this.#wanted = [1, 0];
    this.#tail = count;
    await this.#carryOn();
  }

  /** Asks for what is wanted by now, until it is there; who wanted something else meanwhile gets that. */
  async #carryOn(): Promise<void> {
    await this.#asking.run(async counts => {
      const isWanted = (): boolean => !this.#closed && counts();
      while (isWanted()) {
        const count = this.#tail;
        this.#tail = null;
        const block = count === null ? this.#missing() : null;
        if (count !== null) await this.#read(null, count, isWanted);
        else if (block === null || (await this.#read(block, BLOCK, isWanted)) === 0) return;
      }
    });
  }

  #missing(): number | null {
    const [from, to] = this.#wanted;
    // how many there are comes with the first answer
    if (this.total === 0) return to < from ? null : Math.max(1, from - BLOCK / 2);
    for (let number = from; number <= Math.min(to, this.total); number += 1)
      if (!this.#lines.has(number) || this.#stale.has(number))
        return Math.max(1, number - (from === number ? BLOCK / 2 : 0));
    return null;
  }

  async #read(from: number | null, count: number, isWanted: () => boolean): Promise<number> {
    const growth = this.#growth;
    const page = await this.#ask({ from, count, stream: this.#stream, search: null });
    if (!isWanted()) return 0;
    if (page.attempt !== this.attempt) this.#lines.clear();
    ({ attempt: this.attempt, total: this.total } = page);
    for (const line of page.lines) {
      this.#lines.delete(line.number);
      this.#lines.set(line.number, line);
      // the log grew on the way: it may have been read before that
      if (line.open && growth !== this.#growth) this.#stale.add(line.number);
      else this.#stale.delete(line.number);
    }
    for (const number of this.#lines.keys()) {
      if (this.#lines.size <= MOST_KEPT) break;
      this.#lines.delete(number);
    }
    this.#onLines();
    return page.lines.length;
  }

  /** Lines that had no end when they were read may have one now. */
  grown(): void {
    this.#growth += 1;
    for (const line of [...this.#lines.values()].slice(-BLOCK)) if (line.open) this.#stale.add(line.number);
  }
}
