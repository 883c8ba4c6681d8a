import type { Committed } from '../store.ts';

type Listener = (committed: Committed) => void;

/** Tells listeners what was committed, each commit whole and in order, also when a listener commits something itself. */
export class CommitWatch {
  readonly #listeners = new Set<Listener>();
  readonly #untold: Committed[] = [];
  #telling = false;

  add(listener: Listener): () => void {
    // A function of its own: the same listener may be added twice.
    const own: Listener = committed => listener(committed);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  tell(committed: Committed): void {
    if (committed.events.length === 0 && committed.output.length === 0) return;
    this.#untold.push(committed);
    if (this.#telling) return;
    this.#telling = true;
    for (let next = this.#untold.shift(); next; next = this.#untold.shift()) {
      for (const listener of this.#listeners) tellOne(listener, next);
    }
    this.#telling = false;
  }
}

/** What is committed stays committed, whatever a listener does with the news. */
function tellOne(listener: Listener, committed: Committed): void {
  try {
    listener(committed);
  } catch (thrown) {
    process.emitWarning(thrown instanceof Error ? thrown : String(thrown));
  }
}
