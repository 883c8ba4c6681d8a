import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { HttpApp } from './operation.ts';

/** The app as a listener for `node:http`'s `createServer`, whatever the server listens on. */
export function requestListener(
  app: HttpApp,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return getRequestListener(app.fetch);
}
