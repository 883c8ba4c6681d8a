import type { Change, WatchApi } from '../watch-contract.ts';
import type { Ask } from './client.ts';
import { streamedItems } from './item-stream.ts';
import type { Transport } from './transport.ts';

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
    changes({ signal, logs }) {
      const query = new URLSearchParams(logs.map(log => ['log', log] satisfies [string, string]));
      const path = `/v1/changes${query.size === 0 ? '' : `?${query.toString()}`}`;
      const call = { method: 'GET', path, limit: OPEN_LIMIT } as const;
      return streamedItems<Change>(transport, call, { signal, closing });
    },
  };
}
