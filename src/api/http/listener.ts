import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';

/** What answers requests, of whichever kind. */
interface ServedApp {
  readonly fetch: Parameters<typeof getRequestListener>[0];
}

/** Milliseconds for which somebody who was answered may go on sending what is not read. */
const DISCARD_LIMIT = 60_000;

/**
 * The app as a listener for `node:http`'s `createServer`, whatever the server listens on. Who sends more than is taken
 * can read why: the rest of it is discarded. The library would close after half a second, and a caller who still
 * writes then has a broken pipe in place of the answer.
 */
export function requestListener(
  app: ServedApp,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const answer = getRequestListener(app.fetch, { autoCleanupIncoming: false });
  return async (request, response) => {
    response.once('close', () => discardRest(request));
    await answer(request, response);
  };
}

/** Nobody reads it any more: whatever reader was left in the middle must not hold it back. */
function discardRest(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  const timer = setTimeout(() => request.socket.destroy(), DISCARD_LIMIT).unref();
  request.once('close', () => clearTimeout(timer));
  request.removeAllListeners('data').resume();
}
