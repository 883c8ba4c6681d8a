/** Bytes in flight at the start, which is the least, and at most. */
const START = 1024 * 1024;
const MOST = 16 * 1024 * 1024;
/** A round of measuring: so many windows, and so many milliseconds at least. */
const WINDOWS = 3;
const ROUND = 40;
/** A larger window must bring so much more, a smaller one may cost so little. */
const WORTH_IT = 1.08;
const AS_GOOD = 0.98;
/** Rounds without a try, once one brought nothing. */
const REST = 40;

/**
 * How many bytes may be in flight: doubles while throughput grows, steps back when it does not. After a
 * while it tries a smaller one, then a larger one again, and so on. Pure: the time is an argument.
 */
export class WindowTuner {
  readonly #least: number;
  readonly #most: number;
  #window: number;
  #direction: 'grow' | 'shrink' = 'grow';
  #rest = 0;
  /** Bytes per millisecond with the window before this one; 0 = not measured. */
  #before = 0;
  #began: number | undefined;
  #bytes = 0;

  constructor({ start = START, most = MOST }: { readonly start?: number; readonly most?: number } = {}) {
    this.#window = start;
    this.#least = start;
    this.#most = most;
  }

  get window(): number {
    return this.#window;
  }

  /** `now`: monotonic milliseconds. */
  acknowledged(bytes: number, now: number): void {
    if (this.#began === undefined) {
      this.#began = now;
      return;
    }
    this.#bytes += bytes;
    const elapsed = now - this.#began;
    if (this.#bytes < this.#window * WINDOWS || elapsed < ROUND) return;
    this.#endRound(this.#bytes / elapsed);
    this.#began = now;
    this.#bytes = 0;
  }

  #endRound(rate: number): void {
    if (this.#rest > 0) {
      this.#rest -= 1;
      if (this.#rest > 0) return;
      this.#direction = this.#direction === 'grow' ? 'shrink' : 'grow';
    } else if (rate <= this.#before * (this.#direction === 'grow' ? WORTH_IT : AS_GOOD)) {
      this.#window *= this.#direction === 'grow' ? 0.5 : 2;
      this.#rest = REST;
      return;
    }
    this.#before = rate;
    const next = this.#window * (this.#direction === 'grow' ? 2 : 0.5);
    if (next > this.#most || next < this.#least) this.#rest = REST;
    else this.#window = next;
  }
}
