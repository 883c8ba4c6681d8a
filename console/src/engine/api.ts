import {
  connectBrowser,
  DeckhandError,
  RIGHTS_OF,
  type Role,
  type Surroundings,
  type TaskApi,
  toDeckhandError,
} from 'deckhand/client';

/** Hosts and settings are looked for where the console was opened: the daemon knows where that was. */
export const HERE: Surroundings = { folder: '', overrides: {} };

/** Who is signed in. `csrf` goes with every call that changes something. */
export interface SessionView {
  /** As `SessionView.id` of the API; null for a token. */
  readonly id: string | null;
  readonly who: string;
  readonly role: string;
  readonly csrf: string;
}

/** Milliseconds: after a sleep a connection may be dead without knowing. */
const SESSION_LIMIT = 10_000;

let csrf = '';
let reading: Promise<unknown> | null = null;
let role: Role = 'viewer';

/** The daemon that served this page. */
export const api: TaskApi = connectBrowser({
  headers: async method => (method === 'GET' ? {} : { 'x-deckhand-csrf': await knownCsrf() }),
});

/** A screen may ask for something before it is known who is signed in: the daemon would refuse it. */
async function knownCsrf(): Promise<string> {
  if (csrf === '') {
    reading ??= readSession()
      .catch(() => null)
      .finally(() => (reading = null));
    await reading;
  }
  return csrf;
}

/** Reads who is signed in, so that calls may change something. Null: nobody is. Throws `daemon.unreachable`. */
export async function readSession(signal?: AbortSignal): Promise<SessionView | null> {
  const limit = AbortSignal.timeout(SESSION_LIMIT);
  let answer: Response;
  try {
    answer = await fetch('/v1/session', {
      credentials: 'same-origin',
      cache: 'no-store',
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
  } catch (error) {
    throw new DeckhandError('daemon.unreachable', 'No daemon answers at this address.', { cause: error });
  }
  if (answer.status === 401) return null;
  if (!answer.ok)
    throw new DeckhandError('daemon.unreachable', `The daemon answers with HTTP ${answer.status}.`);
  const session = (await answer.json()) as SessionView;
  ({ csrf } = session);
  role = isRole(session.role) ? session.role : 'viewer';
  return session;
}

/** Was there no answer at all? Then the next sign of life is a reason to ask again. */
export function isAway(thrown: unknown): boolean {
  return toDeckhandError(thrown).code === 'daemon.unreachable';
}

/** Why whoever is signed in may not do this, as a sentence; null = they may. The daemon checks it again. */
export function whyNot(right: (typeof RIGHTS_OF)['admin'][number]): string | null {
  if ((RIGHTS_OF[role] as readonly string[]).includes(right)) return null;
  const able = (Object.keys(RIGHTS_OF) as Role[]).filter(each =>
    (RIGHTS_OF[each] as readonly string[]).includes(right),
  );
  return `You are signed in as ${role}: only ${able.join(' or ')} may say yes to this.`;
}

function isRole(name: string): name is Role {
  return name in RIGHTS_OF;
}

/** Ends the session of this browser. */
export async function signOut(): Promise<void> {
  await fetch('/v1/session', { method: 'DELETE', headers: { 'x-deckhand-csrf': csrf } });
  location.assign('/login');
}
