import { SseDecoder } from './sse-decoder.ts';
import { type Call, faultFrom, type Transport } from './transport.ts';

/**
 * The items of an event stream that ends with `done`. Ends when one of the signals aborts; throws what the stream says,
 * and `daemon.unreachable` when it breaks off.
 */
export async function* streamedItems<Item>(
  transport: Transport,
  call: Omit<Call, 'signal'>,
  { signal, closing }: { readonly signal: AbortSignal; readonly closing: AbortSignal },
): AsyncGenerator<Item> {
  const open = AbortSignal.any([signal, closing]);
  try {
    const body = await transport.open({ ...call, signal: open });
    const leave = (): void => void body.destroy();
    open.addEventListener('abort', leave, { once: true });
    const decoder = new SseDecoder();
    try {
      for await (const chunk of body)
        for (const { event, data } of decoder.push(chunk)) {
          if (event === 'done') return;
          if (event === 'error') throw faultFrom(data) ?? transport.unreachable('the stream broke off');
          yield JSON.parse(data) as Item;
        }
    } finally {
      open.removeEventListener('abort', leave);
      leave();
    }
  } catch (error) {
    if (open.aborted) return;
    throw error instanceof TypeError || !(error instanceof Error)
      ? transport.unreachable('the connection was lost', error)
      : error;
  }
  if (!open.aborted) throw transport.unreachable('the stream ended too soon');
}
