import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';

/** What answers requests, of whichever kind. */
interface ServedApp {
  readonly fetch: Parameters<typeof getRequestListener>[0];
}

/** The app as a listener for `node:http`'s `createServer`, whatever the server listens on. */
export function requestListener(
  app: ServedApp,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return getRequestListener(app.fetch);
}
