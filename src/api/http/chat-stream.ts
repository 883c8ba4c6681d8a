import type { IncomingMessage } from 'node:http';
import type { ChatEvent } from '../../core/chat.ts';
import { DeckhandError, toDeckhandError } from '../../core/deckhand-error.ts';
import { type Exchange, faultFrom } from './exchange.ts';
import { SseDecoder } from './sse-decoder.ts';

const utf8 = new TextEncoder();

/**
 * The events of a chat as the body of a `text/event-stream`, `done` or `error` last. The first is awaited, so that
 * its fault is thrown; a reader that leaves aborts the signal that `open` got.
 */
export async function chatStream(
  open: (signal: AbortSignal) => AsyncIterable<ChatEvent>,
  { heartbeat, grace, stopping }: { heartbeat: number; grace: number; stopping?: AbortSignal },
): Promise<ReadableStream<Uint8Array>> {
  const gone = new AbortController();
  const signal = stopping ? AbortSignal.any([gone.signal, stopping]) : gone.signal;
  const events = open(signal)[Symbol.asyncIterator]();
  let pending: Promise<IteratorResult<ChatEvent>> | null = null;
  const next = async (limit: number): Promise<IteratorResult<ChatEvent> | 'late'> => {
    const asked = (pending ??= events.next());
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>(resolve => {
      timer = setTimeout(resolve, limit, 'late');
    });
    try {
      const found = await Promise.race([asked, late]);
      if (found !== 'late') pending = null;
      return found;
    } finally {
      clearTimeout(timer);
    }
  };
  let first: IteratorResult<ChatEvent> | 'late' | null = await next(grace);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const say = (event: string, data: unknown): void =>
          controller.enqueue(utf8.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
        try {
          const found = first ?? (await next(heartbeat));
          first = null;
          if (found === 'late') controller.enqueue(utf8.encode(': alive\n\n'));
          else if (found.done) {
            say('done', {});
            controller.close();
          } else say('chat', found.value);
        } catch (thrown) {
          say('error', { error: toDeckhandError(thrown) });
          controller.close();
        }
      },
      async cancel() {
        gone.abort(new DeckhandError('command.cancelled', 'Whoever asked has left.'));
        pending?.catch(() => undefined);
        await events.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

/** The same events at the other end. Throws what came as a fault, and `daemon.unreachable` when it breaks off. */
export async function* chatEvents(response: IncomingMessage, exchange: Exchange): AsyncGenerator<ChatEvent> {
  const decoder = new SseDecoder();
  let ended = false;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>)
      for (const { event, data } of decoder.push(chunk)) {
        if (event === 'error') {
          ended = true;
          throw faultFrom(data) ?? new DeckhandError('internal.defect', 'The daemon sent a malformed error.');
        }
        if (event === 'done') return void (ended = true);
        yield JSON.parse(data) as ChatEvent;
      }
  } catch (error) {
    throw ended || error instanceof DeckhandError
      ? error
      : exchange.unreachable('the answer broke off', error);
  } finally {
    response.destroy();
  }
  throw exchange.unreachable('the answer broke off');
}
