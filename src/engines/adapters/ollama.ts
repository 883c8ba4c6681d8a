import type { EngineAdapter, EngineFailure } from '../engine.ts';
import { listField, textField, texts } from './json-fields.ts';
import { request } from './openai-compatible.ts';
import { classifyBy } from './signatures.ts';

/** Ollama, attached to where it runs. It knows no key: whoever reaches it may use it. */
export const ollama: EngineAdapter = {
  name: 'ollama',
  endpoints: { health: '/api/version', models: '/api/tags', chat: '/v1/chat/completions', metrics: null },
  async detect(ask) {
    const root = await ask.http(request(ask, '/'));
    if (!root.text.startsWith('Ollama is running')) return null;
    const version = await ask.http(request(ask, '/api/version'));
    return { engine: 'ollama', version: textField(version.json, 'version') };
  },
  async readiness(ask) {
    const { status } = await ask.http(request(ask, '/api/version'));
    return status === 200 ? 'ready' : 'failed';
  },
  async models(ask) {
    const { json } = await ask.http(request(ask, '/api/tags'));
    return texts(listField(json, 'models').map(model => textField(model, 'name')));
  },
  abilities: () =>
    Promise.resolve({
      resume: false,
      cancel: true,
      tools: true,
      jsonSchema: true,
      metrics: false,
      unixSocket: false,
    }),
  busy: () => Promise.resolve(null),
  classify: log => classifyBy(SIGNATURES, log),
};

/** From its documents and issues. */
const SIGNATURES: readonly (readonly [RegExp, EngineFailure['code'], string])[] = [
  [
    /listen tcp .*: bind: address already in use/,
    'engine.port-busy',
    'Its service runs already: attach to it.',
  ],
  [/model requires more system memory/, 'engine.memory', 'Use a smaller model, or a smaller context.'],
  [/llama runner process has terminated/, 'engine.failed', 'Read the lines before it in its log.'],
  [/dial tcp: lookup .*: no such host/, 'engine.no-model', 'It has no internet: bring the model over.'],
];
