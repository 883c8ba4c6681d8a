import { DeckhandError } from '../../core/deckhand-error.ts';
import type { AskEngine, EngineAdapter, FoundEngine } from '../engine.ts';
import { field, listField, textField, texts } from './json-fields.ts';

/** What tells servers of this family apart: a path that only they have. Sources: their documents. */
const MARKS: readonly { readonly engine: string; readonly path: string; readonly version: string }[] = [
  { engine: 'vllm', path: '/version', version: 'version' },
  { engine: 'sglang', path: '/get_server_info', version: 'version' },
  { engine: 'text-generation-inference', path: '/info', version: 'version' },
];

/** Any server with `/v1/models` and `/v1/chat/completions`: vLLM, SGLang, TGI, LM Studio, LocalAI … */
export const openaiCompatible: EngineAdapter = {
  name: 'openai-compatible',
  endpoints: { health: '/v1/models', models: '/v1/models', chat: '/v1/chat/completions', metrics: null },
  async detect(ask) {
    const answer = await ask.http({ ...request(ask, '/v1/models') });
    const isOne = field(answer.json, 'object') === 'list' && Array.isArray(field(answer.json, 'data'));
    if (!isOne && !isKeyRefused(answer.status)) return null;
    return (await markedEngine(ask)) ?? { engine: 'openai-compatible', version: null };
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

async function markedEngine(ask: AskEngine): Promise<FoundEngine | null> {
  for (const { engine, path, version } of MARKS) {
    const answer = await ask.http(request(ask, path));
    const found = textField(answer.json, version);
    if (answer.status === 200 && found !== null) return { engine, version: found };
  }
  return null;
}

/** Names from `/v1/models`. Throws `engine.key-rejected`, `engine.failed`. */
export async function modelsOf(ask: AskEngine): Promise<readonly string[]> {
  const answer = await ask.http(request(ask, '/v1/models'));
  if (isKeyRefused(answer.status))
    throw new DeckhandError('engine.key-rejected', `The engine answered ${answer.status} to the key.`);
  if (answer.status !== 200)
    throw new DeckhandError('engine.failed', `/v1/models was answered with ${answer.status}.`);
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
