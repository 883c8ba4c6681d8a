import { DeckhandError } from '../../core/deckhand-error.ts';
import type { AskEngine, EngineAdapter } from '../engine.ts';
import { field, listField, textField, texts } from './json-fields.ts';

/** Any server with `/v1/models` and `/v1/chat/completions` that is none of those known better. */
export const openaiCompatible: EngineAdapter = {
  name: 'openai-compatible',
  endpoints: { health: '/v1/models', models: '/v1/models', chat: '/v1/chat/completions', metrics: null },
  async detect(ask) {
    const answer = await ask.http({ ...request(ask, '/v1/models') });
    const isOne = field(answer.json, 'object') === 'list' && Array.isArray(field(answer.json, 'data'));
    if (!isOne && !isKeyRefused(answer.status)) return null;
    return { engine: 'openai-compatible', version: null };
  },
  async readiness(ask) {
    const { status } = await ask.http(request(ask, '/v1/models'));
    if (status === 503) return 'loading';
    return status === 200 || isKeyRefused(status) ? 'ready' : 'failed';
  },
  models: async ask => await modelsOf(ask),
  // what they can do is known only by trying: the least is promised
  abilities: () =>
    Promise.resolve({
      resume: false,
      cancel: true,
      tools: false,
      jsonSchema: false,
      metrics: false,
      unixSocket: false,
    }),
  busy: () => Promise.resolve(null),
  classify: () => null,
};

/** Names from `/v1/models`. Throws `engine.key-rejected`, `engine.failed`. */
export async function modelsOf(ask: AskEngine): Promise<readonly string[]> {
  const answer = await ask.http(request(ask, '/v1/models'));
  if (isKeyRefused(answer.status))
    throw new DeckhandError('engine.key-rejected', `The engine answered ${answer.status} to the key.`);
  if (answer.status !== 200)
    throw new DeckhandError('engine.failed', `/v1/models was answered with ${answer.status}.`);
  if (answer.json === undefined)
    throw new DeckhandError('engine.failed', '/v1/models was answered with something that is no JSON.');
  return texts(listField(answer.json, 'data').map(model => textField(model, 'id')));
}

export function request(
  { key, signal }: AskEngine,
  path: string,
): { method: 'GET'; path: string; key: string | undefined; signal: AbortSignal } {
  return { method: 'GET', path, key, signal };
}

export function isKeyRefused(status: number): boolean {
  return status === 401 || status === 403;
}
