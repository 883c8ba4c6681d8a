import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';

/** How items are written down as messages of an event stream; each text is whole messages. */
export interface StreamWords<Item> {
  readonly message: (item: Item) => string;
  /** Said while nothing comes. */
  readonly alive: string;
  /** Said when the source has ended by itself. */
  readonly end: string;
  readonly fault: (error: DeckhandError) => string;
  /** Said when the server stops; absent: nothing, so that the reader comes back. */
  readonly stopped?: (reason: DeckhandError) => string;
}

export interface PaceOptions {
  /** Milliseconds without an item after which a comment keeps the connection warm. */
  readonly heartbeat: number;
  /** Milliseconds in which a fault of the first item is still thrown, so that it becomes an HTTP status. */
  readonly grace: number;
  /** The server stops. */
  readonly stopping?: AbortSignal;
}

type Next<Item> =
  | { readonly is: 'late' }
  | { readonly is: 'aborted' }
  | { readonly is: 'end' }
  | { readonly is: 'item'; readonly item: Item };

const utf8 = new TextEncoder();
/** Characters of messages after which no more are gathered into one piece of the body. */
const PIECE = 64 * 1024;

/**
 * Items as the body of a `text/event-stream`. The source is asked for items only when the reader of the body asks
 * for bytes, and what is there already travels together, so a slow reader holds one piece of the body in memory.
 * Cancelling the body (the reader went away) aborts the signal that `open` got. Throws what the source throws
 * within the grace time; a later fault is said in the stream, and then there is no end.
 */
export async function pacedStream<Item>(
  open: (signal: AbortSignal) => AsyncIterable<Item>,
  words: StreamWords<Item>,
  options: PaceOptions,
): Promise<ReadableStream<Uint8Array>> {
  const { stopping, heartbeat, grace } = options;
  const gone = new AbortController();
  const stop = (): void => gone.abort(stopping?.reason);
  stopping?.addEventListener('abort', stop, { once: true });
  if (stopping?.aborted) stop();
  const source = new ItemSource(open(gone.signal), gone.signal);
  const end = (): void => {
    stopping?.removeEventListener('abort', stop);
    gone.abort(new DeckhandError('command.cancelled', 'Whoever asked has left.'));
    source.close();
  };

  let first: Next<Item> | null;
  try {
    first = await source.next(grace);
  } catch (error) {
    end();
    throw error;
  }
  const textOf = async (next: Next<Item>): Promise<string> => {
    if (next.is === 'late') return words.alive;
    if (next.is === 'end') return words.end;
    if (next.is === 'aborted') return words.stopped?.(toDeckhandError(gone.signal.reason)) ?? '';
    let text = words.message(next.item);
    while (text.length < PIECE) {
      const more = await source.nextSoon();
      if (!more) break;
      text += words.message(more.item);
    }
    return text;
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        let isOver = true;
        let text: string;
        try {
          const next = first ?? (await source.next(heartbeat));
          first = null;
          isOver = next.is === 'end' || next.is === 'aborted';
          text = await textOf(next);
        } catch (thrown) {
          isOver = true;
          text = words.fault(toDeckhandError(thrown));
        }
        if (text !== '') controller.enqueue(utf8.encode(text));
        if (!isOver) return;
        controller.close();
        end();
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}

/** One item at a time out of an async iterable, with a time limit that loses nothing. */
class ItemSource<Item> {
  readonly #iterator: AsyncIterator<Item>;
  readonly #signal: AbortSignal;
  /** Asked for and not given out yet. */
  #pending: Promise<IteratorResult<Item>> | null = null;

  constructor(items: AsyncIterable<Item>, signal: AbortSignal) {
    this.#iterator = items[Symbol.asyncIterator]();
    this.#signal = signal;
  }

  /** Throws what the source throws. */
  async next(limit: number): Promise<Next<Item>> {
    if (this.#signal.aborted) return { is: 'aborted' };
    const pending = (this.#pending ??= this.#iterator.next());
    const outcome = await this.#firstOf(pending, limit);
    if (typeof outcome === 'string') return { is: outcome };
    this.#pending = null;
    if (this.#signal.aborted) return { is: 'aborted' };
    return outcome.done ? { is: 'end' } : { is: 'item', item: outcome.value };
  }

  /** The next item if it is there in this turn of the event loop; null when not, or when something else is next. */
  async nextSoon(): Promise<{ readonly item: Item } | null> {
    if (this.#signal.aborted) return null;
    const pending = (this.#pending ??= this.#iterator.next());
    const turn = new Promise<null>(resolve => setImmediate(resolve, null));
    // a fault stays with the source: the next one who asks gets it
    const outcome = await Promise.race([pending, turn]).catch(() => null);
    if (outcome === null || outcome.done) return null;
    this.#pending = null;
    return { item: outcome.value };
  }

  #firstOf<T>(pending: Promise<T>, limit: number): Promise<T | 'late' | 'aborted'> {
    return new Promise((resolve, reject) => {
      const settled = (): void => {
        clearTimeout(timer);
        this.#signal.removeEventListener('abort', aborted);
      };
      const aborted = (): void => {
        settled();
        resolve('aborted');
      };
      const timer = setTimeout(() => {
        settled();
        resolve('late');
      }, limit);
      this.#signal.addEventListener('abort', aborted, { once: true });
      pending.finally(settled).then(resolve, reject);
    });
  }

  /** Lets the source clean up; nobody waits for one that does not heed its signal. */
  close(): void {
    this.#pending?.catch(() => {});
    this.#iterator.return?.()?.catch(() => {});
  }
}
