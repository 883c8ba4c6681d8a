/** Items that a callback gives, for one who asks for them one by one. What nobody took yet is kept, at most so many. */
const MOST_KEPT = 20_000;

export interface SilenceRule<Item> {
  /** Milliseconds without an item after which `alive` is given. */
  readonly silence: number;
  readonly alive: Item;
}

export class Mailbox<Item> {
  readonly #items: Item[] = [];
  #wake = Promise.withResolvers<void>();

  /**
   * Gives what `work` puts, in order, until it is done; then throws what it threw. It ends at once when the signal
   * aborts; `work` has to heed the signal it gets, which also aborts when nobody asks for more.
   */
  static async *of<Item>(
    work: (put: (item: Item) => void, stop: AbortSignal) => Promise<void>,
    signal: AbortSignal,
    rule?: SilenceRule<Item>,
  ): AsyncGenerator<Item> {
    const box = new Mailbox<Item>();
    let end: { readonly thrown?: unknown } | null = null;
    const finish = (how: { readonly thrown?: unknown }): void => {
      end ??= how;
      box.#wake.resolve();
    };
    const left = new AbortController();
    work(item => box.#put(item), AbortSignal.any([signal, left.signal])).then(
      () => finish({}),
      (thrown: unknown) => finish({ thrown }),
    );
    const leave = (): void => finish({});
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    try {
      for (;;) {
        yield* box.#take();
        const ended = end as { readonly thrown?: unknown } | null;
        if (ended) {
          yield* box.#take();
          if ('thrown' in ended) throw ended.thrown;
          return;
        }
        if (!(await box.#woken(rule?.silence)) && rule) yield rule.alive;
      }
    } finally {
      signal.removeEventListener('abort', leave);
      left.abort();
    }
  }

  #put(item: Item): void {
    if (this.#items.length < MOST_KEPT) this.#items.push(item);
    this.#wake.resolve();
  }

  *#take(): Generator<Item> {
    this.#wake = Promise.withResolvers();
    yield* this.#items.splice(0);
  }

  /** False: nothing came for so long. */
  async #woken(silence: number | undefined): Promise<boolean> {
    const woken = this.#wake.promise.then(() => true);
    if (silence === undefined) return await woken;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>(resolve => {
      timer = setTimeout(resolve, silence, false);
    });
    try {
      return await Promise.race([woken, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
