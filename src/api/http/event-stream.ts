import { toDeckhandError } from '../../core/deckhand-error.ts';
import type { OutputPiece } from '../../core/task-event.ts';
import type { FollowItem } from '../task-api.ts';
import { encodePieces } from './item-codec.ts';

export interface EventStreamOptions {
  /** Milliseconds without an item after which a comment keeps the connection warm. */
  readonly heartbeat: number;
  /** Milliseconds in which a fault of the first item still becomes an HTTP status. */
  readonly grace: number;
  /** The server stops: the stream ends without `done`, so that the client comes back. */
  readonly stopping?: AbortSignal;
}

type Next = { readonly is: 'late' | 'aborted' } | { readonly is: 'item'; readonly item: FollowItem | null };

const utf8 = new TextEncoder();
/** Characters of messages after which no more are gathered into one piece of the body. */
const PIECE = 64 * 1024;

/**
 * Follow items as the body of a `text/event-stream`. The source is asked for items only when the reader of
 * the body asks for bytes, and what is there already travels together, so a slow client holds one piece of
 * the body in memory. Cancelling the body (the client went
 * away) aborts the signal that `open` got. Throws what the source throws within the grace time.
 */
export async function eventStream(
  open: (signal: AbortSignal) => AsyncIterable<FollowItem>,
  options: EventStreamOptions,
): Promise<ReadableStream<Uint8Array>> {
  const gone = new AbortController();
  const stop = (): void => gone.abort();
  options.stopping?.addEventListener('abort', stop, { once: true });
  if (options.stopping?.aborted) stop();
  const source = new ItemSource(open(gone.signal), gone.signal);
  const end = async (): Promise<void> => {
    options.stopping?.removeEventListener('abort', stop);
    gone.abort();
    await source.close();
  };

  let first: Next | null;
  try {
    first = await source.next(options.grace);
  } catch (error) {
    await end();
    throw error;
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = first ?? (await source.next(options.heartbeat));
          first = null;
          if (next.is === 'late') controller.enqueue(utf8.encode(': alive\n\n'));
          else if (next.is === 'item' && next.item) {
            let text = messageOf(next.item);
            while (text.length < PIECE) {
              const more = await source.nextSoon();
              if (!more) break;
              text += messageOf(more);
            }
            controller.enqueue(utf8.encode(text));
          } else {
            if (next.is === 'item') controller.enqueue(utf8.encode('event: done\ndata: {}\n\n'));
            controller.close();
            await end();
          }
        } catch (thrown) {
          const data = JSON.stringify({ error: toDeckhandError(thrown) });
          controller.enqueue(utf8.encode(`event: error\ndata: ${data}\n\n`));
          controller.close();
          await end();
        }
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}

function messageOf(item: FollowItem): string {
  const cursor = 'cursor' in item && !/[\r\n\0]/.test(item.cursor) ? `id: ${item.cursor}\n` : '';
  return `${cursor}event: ${item.item}\ndata: ${dataOf(item)}\n\n`;
}

/** What many followers of one task are given is put into text once. */
const piecesAsText = new WeakMap<readonly OutputPiece[], string>();

function dataOf(item: FollowItem): string {
  if (item.item !== 'output') return JSON.stringify(item);
  const { pieces, ...rest } = item;
  let text = piecesAsText.get(pieces);
  if (text === undefined) {
    text = JSON.stringify(encodePieces(pieces));
    piecesAsText.set(pieces, text);
  }
  return `${JSON.stringify(rest).slice(0, -1)},"pieces":${text}}`;
}

/** One item at a time out of an async iterable, with a time limit that loses nothing. */
class ItemSource {
  readonly #iterator: AsyncIterator<FollowItem>;
  readonly #signal: AbortSignal;
  /** Asked for and not given out yet. */
  #pending: Promise<IteratorResult<FollowItem>> | null = null;

  constructor(items: AsyncIterable<FollowItem>, signal: AbortSignal) {
    this.#iterator = items[Symbol.asyncIterator]();
    this.#signal = signal;
  }

  /** `item: null` = the source ended by itself. Throws what the source throws. */
  async next(limit: number): Promise<Next> {
    if (this.#signal.aborted) return { is: 'aborted' };
    const pending = (this.#pending ??= this.#iterator.next());
    const outcome = await this.#firstOf(pending, limit);
    if (typeof outcome === 'string') return { is: outcome };
    this.#pending = null;
    if (this.#signal.aborted) return { is: 'aborted' };
    return { is: 'item', item: outcome.done ? null : outcome.value };
  }

  /** The next item if it is there in this turn of the event loop; null when not, or when something else is next. */
  async nextSoon(): Promise<FollowItem | null> {
    if (this.#signal.aborted) return null;
    const pending = (this.#pending ??= this.#iterator.next());
    const turn = new Promise<null>(resolve => setImmediate(resolve, null));
    // a fault stays with the source: the next one who asks gets it
    const outcome = await Promise.race([pending, turn]).catch(() => null);
    if (outcome === null || outcome.done) return null;
    this.#pending = null;
    return outcome.value;
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
  async close(): Promise<void> {
    this.#pending?.catch(() => {});
    this.#iterator.return?.()?.catch(() => {});
  }
}
