import type { Change, WatchApi } from '../watch-contract.ts';
import type { Ask } from './client.ts';
import { SseDecoder } from './sse-decoder.ts';
import { faultFrom, type Transport } from './transport.ts';

/** Milliseconds until the stream must have begun. */
const OPEN_LIMIT = 30_000;

/** The calls of what is shown live, over HTTP. */
export function watchCalls(ask: Ask, transport: Transport, closing: AbortSignal): WatchApi {
  return {
    lines: (task, { from, count, stream, search }) => {
      const query = new URLSearchParams({ count: `${count}` });
      if (from !== null) query.set('from', `${from}`);
      if (stream !== null) query.set('stream', stream);
      if (search !== null) query.set('search', search);
      return ask('GET', `/v1/tasks/${encodeURIComponent(task)}/lines?${query.toString()}`);
    },
    async *changes({ signal, logs }) {
      const query = new URLSearchParams(logs.map(log => ['log', log] satisfies [string, string]));
      const open = AbortSignal.any([signal, closing]);
      try {
        const path = `/v1/changes${query.size === 0 ? '' : `?${query.toString()}`}`;
        const body = await transport.open({ method: 'GET', path, signal: open, limit: OPEN_LIMIT });
        const leave = (): void => void body.destroy();
        open.addEventListener('abort', leave, { once: true });
        const decoder = new SseDecoder();
        try {
          for await (const chunk of body)
            for (const { event, data } of decoder.push(chunk)) {
              if (event === 'done') return;
              if (event === 'error') throw faultFrom(data) ?? transport.unreachable('the stream broke off');
              yield JSON.parse(data) as Change;
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
    },
  };
}
