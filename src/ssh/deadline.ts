/** A time limit that stands still while a person is asked. */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  readonly #stop: () => void;
  #timer: NodeJS.Timeout | undefined;
  #remaining: number;
  #startedAt = 0;
  #holds = 0;
  #expired = false;

  /** `milliseconds` from now; the outer signal ends it too. */
  constructor(milliseconds: number, outer: AbortSignal) {
    this.#remaining = milliseconds;
    this.#outer = outer;
    this.#stop = () => this.#controller.abort(outer.reason);
    if (outer.aborted) this.#stop();
    outer.addEventListener('abort', this.#stop, { once: true });
    this.#run();
  }

  /** Aborted at the end of the time, or by the outer signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }
  /** True when the time is over, false when the outer signal ended it. */
  get expired(): boolean {
    return this.#expired;
  }

  /** Time spent in this work does not count. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    this.#holds += 1;
    this.#pause();
    try {
      return await work();
    } finally {
      this.#holds -= 1;
      if (this.#holds === 0) this.#run();
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#holds = Number.POSITIVE_INFINITY;
    this.#outer.removeEventListener('abort', this.#stop);
  }

  #run(): void {
    if (this.signal.aborted) return;
    this.#startedAt = performance.now();
    this.#timer = setTimeout(() => {
      this.#expired = true;
      this.#controller.abort();
    }, this.#remaining);
  }

  #pause(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#remaining = Math.max(0, this.#remaining - (performance.now() - this.#startedAt));
  }
}
