import type { ChatEvent } from '../../core/chat.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { SseDecoder } from './sse-decoder.ts';
import { faultFrom, type AnswerBody, type Transport } from './transport.ts';

/** The events of a chat as they come from a daemon. Throws what came as a fault, and `daemon.unreachable` when it breaks off. */
export async function* chatEvents(response: AnswerBody, transport: Transport): AsyncGenerator<ChatEvent> {
  const decoder = new SseDecoder();
  let ended = false;
  try {
    for await (const chunk of response)
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
      : transport.unreachable('the answer broke off', error);
  } finally {
    response.destroy();
  }
  throw transport.unreachable('the answer broke off');
}
