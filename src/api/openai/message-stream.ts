import { toDeckhandError } from '../../core/deckhand-error.ts';
import { openAiFault } from './openai-fault.ts';

export interface MessageStreamOptions {
  /** Milliseconds of silence after which a comment is sent. */
  readonly heartbeat: number;
  /** Milliseconds in which a fault before the first message is thrown. */
  readonly grace: number;
  /** Called when the reader has gone. */
  readonly leave: () => void;
}

const utf8 = new TextEncoder();
type Next = IteratorResult<string, void> | 'late';

/**
 * Messages as the body of an event stream, ended by `[DONE]`. A fault after the first is a last message with
 * `error`, and no `[DONE]`. Throws what the source throws within the grace time.
 */
export async function messageStream(
  messages: AsyncGenerator<string, void>,
  { heartbeat, grace, leave }: MessageStreamOptions,
): Promise<ReadableStream<Uint8Array>> {
  let pending: Promise<IteratorResult<string, void>> | null = null;
  const next = async (limit: number): Promise<Next> => {
    const asked = (pending ??= messages.next());
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
  let first: Next | null = await next(grace);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const found = first ?? (await next(heartbeat));
          first = null;
          if (found === 'late') controller.enqueue(utf8.encode(':\n\n'));
          else if (found.done) {
            controller.enqueue(utf8.encode('data: [DONE]\n\n'));
            controller.close();
          } else controller.enqueue(utf8.encode(`data: ${found.value}\n\n`));
        } catch (thrown) {
          const { body } = openAiFault(toDeckhandError(thrown));
          controller.enqueue(utf8.encode(`data: ${JSON.stringify(body)}\n\n`));
          controller.close();
        }
      },
      async cancel() {
        leave();
        pending?.catch(() => undefined);
        await messages.return();
      },
    },
    { highWaterMark: 0 },
  );
}
