import { DeckhandError } from '../../core/deckhand-error.ts';
import { chatFault } from '../chat-fault.ts';
import { HttpRefusal } from './door-fetch.ts';
import type { PlanningServer } from './planning-server.ts';

/** What went wrong with one request, and what may be done about it. */
export interface PlannerFault {
  readonly error: DeckhandError;
  /**
   * `busy`: the server says later; `broken`: nothing or half an answer came; `no-schema`: it takes no schema, so that
   * it must be told in words; `final`: trying again changes nothing.
   */
  readonly kind: 'busy' | 'broken' | 'no-schema' | 'final';
  /** Milliseconds that the server asked to wait; null = it said nothing. */
  readonly retryAfter: number | null;
}

type About = Pick<PlanningServer, 'name' | 'provider' | 'keySource'>;

const BUSY = new Set([408, 425, 429, 503, 529]);
const KEY_WORDS =
  /api[ _-]?key[ _](?:not[ _]valid|invalid)|API_KEY_INVALID|invalid[ _-]?(?:x-)?api[ _-]?key/i;
const ACCOUNT_WORDS = /insufficient_quota|credit balance|billing|payment required/i;
const SCHEMA_WORDS = /response_?format|json_?schema|output_config|output_format|grammar|structured/i;
const BUSY_WORDS = /overloaded|rate.?limit|too many requests|busy|capacity/i;

/** Whatever a request threw, as a typed error and a class. `now`: milliseconds since the epoch, for dates in headers. */
export function plannerFault(thrown: unknown, server: About, now: number): PlannerFault {
  if (thrown instanceof HttpRefusal) return faultOfStatus(thrown, server, now);
  if (thrown instanceof DeckhandError) return faultOfDoor(thrown, server);
  const words = wordsOf(thrown);
  // what a stream says after it began well: the status was 200 already
  if (BUSY_WORDS.test(words)) return { error: busy(server, words), kind: 'busy', retryAfter: null };
  return { error: unreachable(server, `the answer broke off: ${words}`), kind: 'broken', retryAfter: null };
}

function faultOfStatus(refusal: HttpRefusal, server: About, now: number): PlannerFault {
  const { status, text } = refusal;
  const final = (error: DeckhandError): PlannerFault => ({ error, kind: 'final', retryAfter: null });
  const said = chatFault(server.name, status, text);
  if (status === 401 || status === 403 || (status === 400 && KEY_WORDS.test(text)))
    return final(refused(server, status, 'key'));
  if (status === 402 || ((status === 400 || status === 429) && ACCOUNT_WORDS.test(text)))
    return final(refused(server, status, 'account'));
  if (said.code === 'chat.context-overflow') return final(said);
  if (status < 400)
    return final(unreachable(server, `it answered ${status} and would lead elsewhere; nothing is followed`));
  if (BUSY.has(status))
    return { error: busy(server, said.message), kind: 'busy', retryAfter: retryAfter(refusal, now) };
  if (status >= 500 && !SCHEMA_WORDS.test(text))
    return { error: unreachable(server, `it answered ${status}`), kind: 'broken', retryAfter: null };
  if (SCHEMA_WORDS.test(text)) return { error: said, kind: 'no-schema', retryAfter: null };
  if (status === 404 || said.code === 'chat.unknown-model')
    return final(
      new DeckhandError('planner.unknown', `${server.name}: its server has no model of this name (404).`, {
        details: { model: server.name },
        hint: 'Correct agent.model: after the name of the server stands the model as the server knows it.',
      }),
    );
  return final(said);
}

/** What the way to a server throws: what may pass is called out of reach, the rest says better what it is. */
function faultOfDoor(error: DeckhandError, server: About): PlannerFault {
  const mayPass = error.retryable || error.code.startsWith('engine.');
  if (error.code.startsWith('planner.') || !mayPass) return { error, kind: 'final', retryAfter: null };
  return { error: unreachable(server, error.message), kind: 'broken', retryAfter: null };
}

function unreachable({ name }: About, why: string): DeckhandError {
  const begin = why.startsWith(`${name}: `) ? '' : `${name}: `;
  return new DeckhandError('planner.unreachable', ended(`${begin}${why}`), { details: { model: name } });
}

function busy({ name }: About, why: string): DeckhandError {
  const begin = why.startsWith(`${name}: `) ? '' : `${name}: `;
  return new DeckhandError('planner.busy', ended(`${begin}${why}`), { details: { model: name } });
}

/** Quotes nothing that the provider said: some repeat a part of the key. */
function refused(
  { name, provider, keySource }: About,
  status: number,
  what: 'key' | 'account',
): DeckhandError {
  const key = keySource === null ? 'no key is set for it' : `the key is from ${keySource}`;
  return new DeckhandError(
    'planner.refused',
    `${name}: the provider (${provider}) refused the ${what} with ${status}; ${key}.`,
    { details: { model: name, provider, status, keySource } },
  );
}

function ended(text: string): string {
  return `${text.replace(/\.$/, '')}.`;
}

function wordsOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message.slice(0, 300);
  if (typeof thrown === 'string') return thrown.slice(0, 300);
  return (JSON.stringify(thrown) ?? 'nothing').slice(0, 300);
}

function retryAfter({ headers }: HttpRefusal, now: number): number | null {
  const milliseconds = headers['retry-after-ms'];
  if (milliseconds !== undefined && /^\d{1,9}$/.test(milliseconds)) return Number(milliseconds);
  const value = headers['retry-after'];
  if (value === undefined) return null;
  if (/^\d{1,6}(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
