import { DeckhandError } from '../../core/deckhand-error.ts';
import { type Caller, ownerCaller, type Role } from '../caller.ts';
import type { Session, WebDoor } from './door.ts';

/** For tests only: somebody with a role. */
export function sampleCaller(role: Role, via: Caller['via'] = 'token'): Caller {
  return { ...ownerCaller(`token:${role}`), role, via };
}

/** For tests only: a door at `localhost` with these tokens; the login link's token is `link`, and works once. */
export function fakeDoor(tokens: Readonly<Record<string, Caller>> = {}, folder = '/nonexistent'): WebDoor {
  const sessions = new Map<string, Session>();
  let used = false;
  return {
    folder,
    hosts: () => new Set(['localhost']),
    cookieName: () => 'deckhand-1',
    login: token => {
      const isLink = token === 'link' && !used;
      if (isLink) used = true;
      const caller = isLink ? { ...ownerCaller('person'), via: 'console' as const } : tokens[token];
      if (!caller) return Promise.reject(new DeckhandError('api.unauthorised', 'No.'));
      const session = { caller, expiresAt: Date.now() + 3_600_000 };
      const secret = `secret-${sessions.size}`;
      sessions.set(secret, session);
      return Promise.resolve({ secret, session });
    },
    logout: secret => {
      sessions.delete(secret);
      return Promise.resolve();
    },
    bySession: secret => Promise.resolve(sessions.get(secret) ?? null),
    byToken: token => Promise.resolve(tokens[token] ?? null),
  };
}
