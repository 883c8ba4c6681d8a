import type { Clock } from '../core/clock.ts';
import type { EndpointState } from '../core/model-params.ts';
import type { AskEngine, EngineAdapter } from './engine.ts';

export interface TriedEngine {
  readonly ask: AskEngine;
  readonly adapter: EngineAdapter;
  /** Asked for one word; null: none is known. */
  readonly model: string | null;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/**
 * Every endpoint of a model server asked once, one after the other, with status and latency. The chat is one word, and
 * is left out while the server works for somebody: nobody is to wait for a question about health.
 */
export async function triedEndpoints(engine: TriedEngine): Promise<readonly EndpointState[]> {
  const { ask, adapter } = engine;
  const { health, models, chat, metrics } = adapter.endpoints;
  const tried: EndpointState[] = [];
  for (const path of new Set([health, models, ...(metrics === null ? [] : [metrics])]))
    tried.push(await timed(engine, path, { method: 'GET', path }));
  if (tried[0]?.status === null) return [...tried, notAsked(chat, 'nothing answers')];
  if (engine.model === null) return [...tried, notAsked(chat, 'it names no model')];
  const busy = await adapter.busy(ask).catch(() => null);
  if (busy !== null && busy > 0) return [...tried, notAsked(chat, `it works on ${busy} requests`)];
  const body = {
    model: engine.model,
    messages: [{ role: 'user', content: 'hi' }],
    max_tokens: 1,
    stream: true,
  };
  return [...tried, await timed(engine, chat, { method: 'POST', path: chat, body })];
}

async function timed(
  { ask, clock }: TriedEngine,
  path: string,
  request: { readonly method: 'GET' | 'POST'; readonly path: string; readonly body?: object },
): Promise<EndpointState> {
  const began = clock.monotonic();
  const { http, key, signal } = ask;
  const status = await http({ ...request, key, signal }).then(
    answer => answer.status,
    () => null,
  );
  signal.throwIfAborted();
  return { path, status, latency: Math.round(clock.monotonic() - began) };
}

function notAsked(path: string, reason: string): EndpointState {
  return { path, status: null, latency: 0, notAsked: reason };
}
