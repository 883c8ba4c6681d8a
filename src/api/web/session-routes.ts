import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { z } from '../../core/schema.ts';
import { type Caller, ROLES } from '../caller.ts';
import { answers } from '../http/answer-schemas.ts';
import { register, type RouteParts } from '../http/operation.ts';
import { csrfOf, type WebDoor } from './door.ts';

const loginBody = z.strictObject({ token: z.string().min(1).max(200) });
const sessionView = z
  .object({
    who: z.string(),
    role: z.enum(ROLES),
    via: z.enum(['socket', 'console', 'token', 'agent']),
    id: z.string().nullable().describe('of the session, as /v1/sessions names it'),
    csrf: z.string().nullable().describe('goes into x-deckhand-csrf of whatever changes something'),
    expiresAt: z.number().nullable().describe('milliseconds since the epoch'),
  })
  .openapi('Session');

/** Signing in and out, and the question who one is. */
export function registerSessionRoutes(parts: RouteParts, door: WebDoor | null): void {
  register(parts, {
    id: 'login',
    method: 'post',
    path: '/v1/session',
    summary: 'Signs a browser in with the token of a login link, which works once, or of `deckhand token`.',
    body: loginBody,
    answer: sessionView,
    carryOut: async ({ body, context }) => {
      if (!door) throw new DeckhandError('input.invalid', 'Whoever can use the socket is signed in already.');
      const { secret, session } = await door.login(body.token);
      setCookie(context, door.cookieName(), secret, {
        httpOnly: true,
        sameSite: 'Strict',
        path: '/',
        expires: new Date(session.expiresAt),
      });
      return viewOf(session.caller, secret, session.expiresAt);
    },
  });
  register(parts, {
    id: 'session',
    method: 'get',
    path: '/v1/session',
    summary: 'Who asks, and what a page must send along to change something.',
    answer: sessionView,
    carryOut: async ({ context }) => {
      const secret = door ? getCookie(context, door.cookieName()) : undefined;
      const session = secret === undefined ? null : await door?.bySession(secret);
      const { caller } = context.var;
      if (caller.via === 'token' && context.req.header('authorization') !== undefined)
        return viewOf(caller, null, null);
      return viewOf(caller, session ? (secret ?? null) : null, session?.expiresAt ?? null);
    },
  });
  register(parts, {
    id: 'logout',
    method: 'delete',
    path: '/v1/session',
    summary: 'Signs the browser out.',
    answer: answers.nothing,
    carryOut: async ({ context }) => {
      const secret = door ? getCookie(context, door.cookieName()) : undefined;
      if (door && secret !== undefined) {
        await door.logout(secret);
        deleteCookie(context, door.cookieName(), { path: '/' });
      }
    },
  });
}

function viewOf(caller: Caller, secret: string | null, expiresAt: number | null): object {
  const { who, role, via, session: id = null } = caller;
  return { who, role, via, id, csrf: secret === null ? null : csrfOf(secret), expiresAt };
}
