/** What was added since somebody looked, in batches, until the end. For one reader. */
export class Gathered<Item> implements AsyncIterable<readonly Item[]> {
  #items: Item[] = [];
  #isOver = false;
  #wake: (() => void) | undefined;

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
      if (items.length > 0) yield items;
      else if (this.#isOver) return;
      else await new Promise<void>(resolve => (this.#wake = resolve));
    }
  }
}
