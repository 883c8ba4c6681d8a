import type { Clock } from '../core/clock.ts';
import { toDeckhandError } from '../core/deckhand-error.ts';
import type { EndpointState } from '../core/model-params.ts';
import type { AskEngine, EngineAdapter } from './engine.ts';
import { within } from './engine-http.ts';

/** Milliseconds that one word may take: somebody waits for it. */
const CHAT_LIMIT = 30_000;

export interface TriedEngine {
  /** For a chat, which has time of its own. */
  readonly ask: AskEngine;
  /** For what is answered at once, with one limit for all of it. */
  readonly look: AskEngine;
  readonly adapter: EngineAdapter;
  /** Asked for one word; null: none is known. */
  readonly model: string | null | Promise<string | null>;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Milliseconds that the chat may take. */
  readonly chatLimit?: number;
}

/**
 * Every endpoint of a model server asked at the same time, with status and latency, then the chat. That is one word, and
 * is left out while the server works for somebody: nobody is to wait for a question about health. One that sleeps is
 * left asleep.
 */
export async function triedEndpoints(engine: TriedEngine): Promise<readonly EndpointState[]> {
  const { ask, look, adapter, chatLimit = CHAT_LIMIT } = engine;
  const { health, models, chat, metrics } = adapter.endpoints;
  const paths = [...new Set([health, models, ...(metrics === null ? [] : [metrics])])];
  const [busy, readiness, model, ...tried] = await Promise.all([
    adapter.busy(look).catch(() => null),
    adapter.readiness(look).catch(() => null),
    engine.model,
    ...paths.map(async path => await timed(engine, look, { method: 'GET', path })),
  ]);
  if (tried[0]?.status === null) return [...tried, notAsked(chat, 'nothing answers')];
  if (model === null) return [...tried, notAsked(chat, 'it names no model')];
  if (readiness === 'sleeping') return [...tried, notAsked(chat, 'it sleeps')];
  if (busy !== null && busy > 0) return [...tried, notAsked(chat, `it works on ${busy} requests`)];
  const body = {
    model,
    messages: [{ role: 'user', content: 'hi' }],
    max_tokens: 1,
    stream: true,
  };
  return [...tried, await timed(engine, within(ask, chatLimit), { method: 'POST', path: chat, body })];
}

async function timed(
  { clock }: TriedEngine,
  { http, key, signal }: AskEngine,
  request: { readonly method: 'GET' | 'POST'; readonly path: string; readonly body?: object },
): Promise<EndpointState> {
  const began = clock.monotonic();
  const answer = await http({ ...request, key, signal }).then(
    ({ status }) => ({ status }),
    (thrown: unknown) => {
      const { code, message } = toDeckhandError(thrown);
      return { status: null, error: { code, message } };
    },
  );
  signal.throwIfAborted();
  return { path: request.path, ...answer, latency: Math.round(clock.monotonic() - began) };
}

function notAsked(path: string, reason: string): EndpointState {
  return { path, status: null, latency: 0, notAsked: reason };
}
