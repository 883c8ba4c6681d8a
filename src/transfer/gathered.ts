/** What was added since somebody looked, in batches of at most `most`, until the end. For one reader. */
export class Gathered<Item> implements AsyncIterable<readonly Item[]> {
  readonly #most: number;
  #items: Item[] = [];
  #isOver = false;
  #wake: (() => void) | undefined;

  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most;
  }

  /** Added, and not looked at yet. */
  get waiting(): readonly Item[] {
    return this.#items;
  }

  add(item: Item): void {
    this.#items.push(item);
    this.#wake?.();
  }

  /** Nothing more is added; what waits is still given. */
  readonly end = (): void => {
    this.#isOver = true;
    this.#wake?.();
  };

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Item[]> {
    for (;;) {
      const items = this.#items;
      this.#items = [];
      if (items.length > 0)
        for (let at = 0; at < items.length; at += this.#most) yield items.slice(at, at + this.#most);
      else if (this.#isOver) return;
      else await new Promise<void>(resolve => (this.#wake = resolve));
    }
  }
}
