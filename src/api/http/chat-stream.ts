import type { IncomingMessage } from 'node:http';
import type { ChatEvent } from '../../core/chat.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { type PaceOptions, pacedStream, type StreamWords } from '../paced-stream.ts';
import { type Exchange, faultFrom } from './exchange.ts';
import { SseDecoder } from './sse-decoder.ts';

/** The events of a chat as the body of a `text/event-stream`, `done` or `error` last. */
export async function chatStream(
  open: (signal: AbortSignal) => AsyncIterable<ChatEvent>,
  options: PaceOptions,
): Promise<ReadableStream<Uint8Array>> {
  return await pacedStream(open, WORDS, options);
}

const fault = (error: DeckhandError): string => `event: error\ndata: ${JSON.stringify({ error })}\n\n`;
const WORDS: StreamWords<ChatEvent> = {
  message: event => `event: chat\ndata: ${JSON.stringify(event)}\n\n`,
  alive: ': alive\n\n',
  end: 'event: done\ndata: {}\n\n',
  fault,
  stopped: fault,
};

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
