import type { AskEngine, EngineAdapter, Readiness } from '../engine.ts';
import { field, listField, textField } from './json-fields.ts';
import { modelsOf, request } from './openai-compatible.ts';
import { classifyBy, type Signature } from './signatures.ts';

/** llama-server of llama.cpp: the one that is deployed, and attached to as well. */
export const llamaCpp: EngineAdapter = {
  name: 'llama.cpp',
  endpoints: {
    health: '/health',
    models: '/v1/models',
    chat: '/v1/chat/completions',
    metrics: '/metrics',
  },
  async detect(ask) {
    const models = await ask.http(request(ask, '/v1/models'));
    const owner = textField(models.json, 'data', 0, 'owned_by');
    const props = await ask.http(request(ask, '/props'));
    const version = textField(props.json, 'build_info');
    const isOne = owner === 'llamacpp' || version !== null || isItsRefusal(models.json);
    return isOne ? { engine: 'llama.cpp', version } : null;
  },
  readiness,
  models: modelsOf,
  async abilities(ask) {
    const { json } = await ask.http(request(ask, '/props'));
    return {
      resume: await canResume(ask),
      cancel: true,
      // it takes tools in silence where the model's template has no place for them
      tools: field(json, 'chat_template_caps', 'supports_tools') === true,
      jsonSchema: true,
      metrics: field(json, 'endpoint_metrics') === true,
      unixSocket: true,
    };
  },
  async busy(ask) {
    // asked for its slots, one that sleeps would wake up
    if (await isSleeping(ask)) return 0;
    const answer = await ask.http(request(ask, '/slots'));
    if (answer.status !== 200) return null;
    return listField(answer.json).filter(slot => field(slot, 'is_processing') === true).length;
  },
  classify: log => classifyBy(SIGNATURES, log),
};

async function readiness(ask: AskEngine): Promise<Readiness> {
  const health = await ask.http({ ...request(ask, '/health'), key: undefined });
  if (health.status === 503) return 'loading';
  if (health.status !== 200) return 'failed';
  return (await isSleeping(ask)) ? 'sleeping' : 'ready';
}

/** Health, list of models and this do not wake it. */
async function isSleeping(ask: AskEngine): Promise<boolean> {
  const props = await ask.http(request(ask, '/props'));
  return field(props.json, 'is_sleeping') === true;
}

/** Its own words for a wrong key, and for a model that is still loading. */
function isItsRefusal(json: unknown): boolean {
  const message = textField(json, 'error', 'message');
  return message === 'Invalid API Key' || message === 'Loading model';
}

/** Older ones do not know the path. */
async function canResume({ http, key, signal }: AskEngine): Promise<boolean> {
  const body = { conversation_ids: ['deckhand-probe'] };
  const { status } = await http({ method: 'POST', path: '/v1/streams/lookup', body, key, signal });
  return status === 200;
}

const SMALLER = 'Pass a smaller --context, or deploy a smaller model.';

/** From logs of b11669, each seen once; the exit code is 1 whatever it was. */
const SIGNATURES: readonly Signature[] = [
  [
    /not within the file bounds, model is corrupted or incomplete/,
    'model.truncated',
    'Deploy the whole file.',
  ],
  [/invalid magic characters/, 'model.not-gguf', 'Deploy the model itself, not a pointer or a page.'],
  [/gguf_init_from_file: failed to open/, 'model.unreadable', 'Check the path and mode of the model file.'],
  [/unknown model architecture/, 'model.unsupported', 'Make a newer engine bundle, or use another model.'],
  [
    /failed to allocate .*buffer|failed to allocate buffer for kv cache|unable to allocate/i,
    'engine.memory',
    SMALLER,
  ],
  [/std::bad_alloc|Cannot allocate memory/, 'engine.memory', SMALLER],
  [
    /couldn't bind HTTP server socket/,
    'engine.port-busy',
    'Choose another --port, or leave it out: a socket file needs none.',
  ],
  [
    /error: invalid argument|error while handling argument/,
    'engine.bad-argument',
    'Make a new engine bundle.',
  ],
  [
    /exactly one out metadata, path_model, and file must be defined/,
    'engine.no-model',
    'Deploy with a model file: the engine has no internet to fetch one.',
  ],
  [/Permission denied/, 'host.noexec', 'Deploy to a folder from which programs may be run.'],
];
