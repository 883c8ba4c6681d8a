import type { AskEngine, EngineAbilities, EngineAdapter } from '../engine.ts';
import { field, listField, textField } from './json-fields.ts';
import { isKeyRefused, openaiCompatible, request } from './openai-compatible.ts';

/** One server of the OpenAI family, by what only it says of itself. Sources: their documents and sources, not run here. */
interface KnownServer {
  readonly engine: 'vllm' | 'sglang' | 'text-generation-inference' | 'lm-studio';
  readonly health: string;
  readonly metrics: string | null;
  /** Gauges whose sum is the number of requests that are worked on. */
  readonly running: readonly string[];
  /** Null: it is something else. */
  recognise(ask: AskEngine): Promise<{ readonly version: string | null } | null>;
  /** What it can do beyond what every server of the family can; what is not known is not promised. */
  abilities(ask: AskEngine): Promise<Partial<EngineAbilities>>;
}

/**
 * https://docs.vllm.ai (metrics, security): a key guards `/v1` and leaves `/metrics` and `/version` open. Whether tools
 * work depends on how it was started, which it does not say.
 */
const vllm: KnownServer = {
  engine: 'vllm',
  health: '/health',
  metrics: '/metrics',
  running: ['vllm:num_requests_running', 'vllm:num_requests_waiting'],
  async recognise(ask) {
    if ((await ownerOf(ask)) !== 'vllm' && !(await hasMetrics(ask, 'vllm:'))) return null;
    return { version: textField(await jsonAt(ask, '/version'), 'version') };
  },
  abilities: () => Promise.resolve({ jsonSchema: true, metrics: true }),
};

/** https://docs.sglang.io (native APIs, production metrics): `/get_server_info`, which newer ones call `/server_info`. */
const sglang: KnownServer = {
  engine: 'sglang',
  health: '/health',
  metrics: '/metrics',
  running: ['sglang:num_running_reqs', 'sglang:num_queue_reqs'],
  async recognise(ask) {
    const info = await sglangInfo(ask);
    if (info !== null) return { version: textField(info, 'version') };
    const isOne = (await ownerOf(ask)) === 'sglang' || (await hasMetrics(ask, 'sglang:'));
    return isOne ? { version: null } : null;
  },
  async abilities(ask) {
    const info = await sglangInfo(ask);
    return {
      tools: textField(info, 'tool_call_parser') !== null,
      jsonSchema: (textField(info, 'grammar_backend') ?? 'none') !== 'none',
      metrics: field(info, 'enable_metrics') === true,
    };
  },
};

/** Its `docs/openapi.json`: `Info` has model, limits, router and version. A schema is taken in words of its own only. */
const textGenerationInference: KnownServer = {
  engine: 'text-generation-inference',
  health: '/health',
  metrics: '/metrics',
  running: ['tgi_batch_current_size', 'tgi_queue_size'],
  async recognise(ask) {
    const info = await jsonAt(ask, '/info');
    const version = textField(info, 'version');
    const hasLimits = typeof field(info, 'max_concurrent_requests') === 'number';
    return version !== null && textField(info, 'model_id') !== null && hasLimits ? { version } : null;
  },
  abilities: () => Promise.resolve({ tools: true, metrics: true }),
};

/**
 * https://lmstudio.ai/docs (REST API v0): every model with its publisher and state. Paths that it does not know are answered
 * with 200 and an error, so nothing is told by a status.
 */
const lmStudio: KnownServer = {
  engine: 'lm-studio',
  health: '/v1/models',
  metrics: null,
  running: [],
  async recognise(ask) {
    const first = field(await jsonAt(ask, '/api/v0/models'), 'data', 0);
    const isOne = textField(first, 'compatibility_type') !== null && textField(first, 'state') !== null;
    return isOne ? { version: null } : null;
  },
  async abilities(ask) {
    const models = listField(await jsonAt(ask, '/api/v0/models'), 'data');
    const chat = models.filter(each => textField(each, 'type') !== 'embeddings');
    const hasTools = chat.length > 0 && chat.every(each => canTools(each));
    return { tools: hasTools, jsonSchema: true };
  },
};

/** Each as an adapter, the most telling first. */
export const knownServers: readonly EngineAdapter[] = [lmStudio, sglang, textGenerationInference, vllm].map(
  adapterOf,
);

function adapterOf(server: KnownServer): EngineAdapter {
  const { engine, health, metrics, running } = server;
  return {
    ...openaiCompatible,
    name: engine,
    endpoints: { ...openaiCompatible.endpoints, health, metrics },
    async detect(ask) {
      const found = await server.recognise(ask);
      return found && { engine, version: found.version };
    },
    async readiness(ask) {
      const { status } = await ask.http(request(ask, health));
      if (status === 503) return 'loading';
      return status === 200 || isKeyRefused(status) ? 'ready' : 'failed';
    },
    abilities: async ask => ({
      ...(await openaiCompatible.abilities(ask)),
      ...(await server.abilities(ask)),
    }),
    busy: async ask => (metrics === null ? null : sumOf(await textAt(ask, metrics), running)),
  };
}

function canTools(model: unknown): boolean {
  return listField(model, 'capabilities').includes('tool_use');
}

async function sglangInfo(ask: AskEngine): Promise<unknown> {
  for (const path of ['/get_server_info', '/server_info']) {
    const info = await jsonAt(ask, path);
    if (typeof field(info, 'mem_fraction_static') === 'number') return info;
  }
  return null;
}

async function ownerOf(ask: AskEngine): Promise<string | null> {
  return textField(await jsonAt(ask, '/v1/models'), 'data', 0, 'owned_by');
}

async function hasMetrics(ask: AskEngine, prefix: string): Promise<boolean> {
  return (await textAt(ask, '/metrics')).split('\n').some(line => line.startsWith(prefix));
}

async function jsonAt(ask: AskEngine, path: string): Promise<unknown> {
  const answer = await ask.http(request(ask, path));
  return answer.status === 200 ? answer.json : undefined;
}

async function textAt(ask: AskEngine, path: string): Promise<string> {
  const answer = await ask.http(request(ask, path));
  return answer.status === 200 ? answer.text : '';
}

/** The sum of gauges in the text that Prometheus reads; null where it has none of them. */
function sumOf(text: string, names: readonly string[]): number | null {
  const values = text.split('\n').flatMap(line => {
    const name = /^[a-zA-Z_:][\w:]*/.exec(line)?.[0];
    const value = Number(/ ([0-9.eE+-]+)\s*$/.exec(line)?.[1] ?? Number.NaN);
    return name !== undefined && names.includes(name) && Number.isFinite(value) ? [value] : [];
  });
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
}
