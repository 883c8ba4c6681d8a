import { connectBrowser, DeckhandError, type Surroundings, type TaskApi } from 'deckhand/client';

/** Hosts and settings are looked for where the console was opened: the daemon knows where that was. */
export const HERE: Surroundings = { folder: '', overrides: {} };

/** Who is signed in. `csrf` goes with every call that changes something. */
export interface SessionView {
  readonly who: string;
  readonly role: string;
  readonly csrf: string;
}

let csrf = '';

/** The daemon that served this page. */
export const api: TaskApi = connectBrowser({
  headers: method => (method === 'GET' ? {} : { 'x-deckhand-csrf': csrf }),
});

/** Reads who is signed in, so that calls may change something. Null: nobody is. Throws `daemon.unreachable`. */
export async function readSession(): Promise<SessionView | null> {
  let answer: Response;
  try {
    answer = await fetch('/v1/session', { credentials: 'same-origin', cache: 'no-store' });
  } catch (error) {
    throw new DeckhandError('daemon.unreachable', 'No daemon answers at this address.', { cause: error });
  }
  if (answer.status === 401) return null;
  if (!answer.ok)
    throw new DeckhandError('daemon.unreachable', `The daemon answers with HTTP ${answer.status}.`);
  const session = (await answer.json()) as SessionView;
  ({ csrf } = session);
  return session;
}

/** Ends the session of this browser. */
export async function signOut(): Promise<void> {
  await fetch('/v1/session', { method: 'DELETE', headers: { 'x-deckhand-csrf': csrf } });
  location.assign('/login');
}
