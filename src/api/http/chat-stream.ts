import type { ChatEvent } from '../../core/chat.ts';
import type { DeckhandError } from '../../core/deckhand-error.ts';
import { type PaceOptions, pacedStream, type StreamWords } from '../paced-stream.ts';

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
