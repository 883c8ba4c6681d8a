import type { MiddlewareHandler } from 'hono';
import type { HttpEnvironment } from '../http/operation.ts';
import { ADDRESS_RATE, CALLER_RATE, OpenStreams, RateLimit } from './rate-limit.ts';

/** What `node:http` gives along; absent in tests without a server. */
interface Connection {
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } };
  readonly outgoing?: { once(event: 'close', listener: () => void): unknown };
}

/** Nobody asks so much that others wait: by address before anybody is known, by caller then. */
export function limits(now: () => number): {
  readonly byAddress: MiddlewareHandler<HttpEnvironment>;
  readonly byCaller: MiddlewareHandler<HttpEnvironment>;
} {
  const addresses = new RateLimit(ADDRESS_RATE);
  const callers = new RateLimit(CALLER_RATE);
  const streams = new OpenStreams();
  return {
    byAddress: async (context, next) => {
      const address = (context.env as Connection | undefined)?.incoming?.socket?.remoteAddress;
      if (address !== undefined) addresses.take(address, now());
      await next();
    },
    byCaller: async (context, next) => {
      const { caller } = context.var as Partial<HttpEnvironment['Variables']>;
      if (!caller) {
        await next();
        return;
      }
      callers.take(caller.who, now());
      if (!mayStream(context.req.method, context.req.path, context.req.query('follow'))) {
        await next();
        return;
      }
      const end = streams.begin(caller.who);
      await next();
      const isStream = context.res.headers.get('content-type')?.startsWith('text/event-stream');
      const outgoing = (context.env as Connection | undefined)?.outgoing;
      if (isStream && outgoing) outgoing.once('close', end);
      else end();
    },
  };
}

function mayStream(method: string, path: string, follow: string | undefined): boolean {
  return (
    follow !== undefined ||
    path.endsWith('/follow') ||
    path === '/v1/changes' ||
    (method === 'POST' && path === '/v1/chat')
  );
}
