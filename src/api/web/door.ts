import type { MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import { createHash } from 'node:crypto';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { Caller } from '../caller.ts';
import type { HttpEnvironment } from '../http/operation.ts';
import { sameSecret } from '../same-secret.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

/** Somebody who signed in with a browser. */
export interface Session {
  readonly caller: Caller;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** What a listener that browsers and programs reach knows of who may come in. */
export interface WebDoor {
  /** Where the built console is. */
  readonly folder: string;
  /** `Host` headers that mean this daemon: a page that had its own name led here sends another. */
  readonly hosts: () => ReadonlySet<string>;
  /** Differs for each port: browsers send cookies of one name to all ports of a machine. */
  readonly cookieName: () => string;
  /** A login link's token, once, or one of `deckhand token`. Throws `api.unauthorised`. */
  readonly login: (token: string) => Promise<{ readonly secret: string; readonly session: Session }>;
  readonly logout: (secret: string) => Promise<void>;
  readonly bySession: (secret: string) => Promise<Session | null>;
  readonly byToken: (token: string) => Promise<Caller | null>;
}

export const CSRF_HEADER = 'x-deckhand-csrf';
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Without a caller: the way in, what the browser needs for it, and the description. */
const OPEN_ROUTES = new Set(['POST /v1/session', 'GET /openapi.json', 'GET /v1/openapi.json']);

/** What a page of ours must send with whatever changes something; another site cannot know it. */
export function csrfOf(secret: string): string {
  return createHash('sha256').update(`csrf:${secret}`).digest('base64url');
}

/** Names and addresses under which somebody may come, and the headers that every answer carries. */
export function checkAddress(door: WebDoor): MiddlewareHandler<HttpEnvironment> {
  return async (context, next) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) context.header(name, value);
    const refused = refusedAddress(door, {
      host: context.req.header('host'),
      origin: context.req.header('origin'),
    });
    if (refused) throw refused;
    await next();
  };
}

/** Why a request is not for this daemon or not from its pages; null = it is. */
export function refusedAddress(
  door: Pick<WebDoor, 'hosts'>,
  { host, origin }: { readonly host: string | undefined; readonly origin: string | undefined },
): DeckhandError | null {
  const known = door.hosts();
  const name = (host ?? '').toLowerCase();
  if (!known.has(name))
    return new DeckhandError('api.refused-origin', `The host '${name.slice(0, 100)}' is not this daemon.`);
  const isOurs = origin === undefined || origin.toLowerCase() === `http://${name}`;
  return isOurs
    ? null
    : new DeckhandError('api.refused-origin', `Pages of '${origin.slice(0, 100)}' may not ask this daemon.`);
}

/** Finds out who asks. Throws `api.unauthorised`, `api.forbidden`. */
export function admit(door: WebDoor): MiddlewareHandler<HttpEnvironment> {
  return async (context, next) => {
    const { method, path } = context.req;
    const isApi = path === '/v1' || path.startsWith('/v1/');
    if (!isApi || OPEN_ROUTES.has(`${method} ${path}`)) {
      await next();
      return;
    }
    const { caller, secret } = await callerOf(door, {
      authorization: context.req.header('authorization'),
      cookie: getCookie(context, door.cookieName()),
    });
    if (secret !== null && !SAFE.has(method)) checkCsrf(secret, context.req.header(CSRF_HEADER));
    context.set('caller', caller);
    await next();
  };
}

/** By token or by session. Throws `api.unauthorised`. */
export async function callerOf(
  door: WebDoor,
  given: { readonly authorization: string | undefined; readonly cookie: string | undefined },
): Promise<{ readonly caller: Caller; readonly secret: string | null }> {
  if (given.authorization !== undefined) {
    const token = /^Bearer ([\w-]{1,200})$/.exec(given.authorization)?.[1];
    const caller = token === undefined ? null : await door.byToken(token);
    if (caller) return { caller, secret: null };
    throw new DeckhandError('api.unauthorised', 'The request carries no valid token.');
  }
  const session = given.cookie === undefined ? null : await door.bySession(given.cookie);
  if (session && given.cookie !== undefined) return { caller: session.caller, secret: given.cookie };
  throw new DeckhandError('api.unauthorised', 'Nobody is signed in.', {
    hint: 'Programs send a token of `deckhand token add`; for a browser `deckhand console` prints a link.',
  });
}

function checkCsrf(secret: string, given: string | undefined): void {
  if (sameSecret(given, csrfOf(secret))) return;
  throw new DeckhandError('api.refused-origin', `The request lacks its ${CSRF_HEADER}.`, {
    hint: 'GET /v1/session tells it.',
  });
}
