/**
 * What servers that cannot run here answer, path by path: the fields and the form of their documents, with values of our
 * own. `source` is where it is written. Nothing here was recorded from a running server of ours.
 */
export interface RecordedServer {
  readonly source: string;
  /** Paths that a key does not guard. */
  readonly open: readonly string[];
  /** JSON, or text. */
  readonly answers: (models: readonly string[]) => Readonly<Record<string, object | string>>;
}

const list = (models: readonly string[], owner: string, more: object = {}): object => ({
  object: 'list',
  data: models.map(id => ({
    id,
    object: 'model',
    created: 1_739_421_415,
    owned_by: owner,
    root: id,
    ...more,
  })),
});

export const recordedServers = {
  vllm: {
    source:
      'https://docs.vllm.ai/en/latest/usage/metrics.html and /usage/security.html; GET /version, /v1/models',
    open: ['/health', '/version', '/metrics'],
    answers: models => ({
      '/v1/models': list(models, 'vllm', { parent: null, max_model_len: 4096 }),
      '/version': { version: '0.12.0' },
      '/health': '',
      '/metrics': `# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="tiny"} 2.0
vllm:num_requests_waiting{engine="0",model_name="tiny"} 1.0
`,
    }),
  },
  sglang: {
    source: 'https://docs.sglang.io/basic_usage/native_api.html and /references/production_metrics.html',
    open: ['/health', '/metrics'],
    answers: models => ({
      '/': '"SGLang is running"',
      '/v1/models': list(models, 'sglang', { max_model_len: 32768 }),
      '/health': '',
      '/get_server_info': {
        model_path: 'qwen/qwen2.5-0.5b-instruct',
        tokenizer_path: 'qwen/qwen2.5-0.5b-instruct',
        mem_fraction_static: 0.88,
        tool_call_parser: 'qwen25',
        grammar_backend: 'xgrammar',
        enable_metrics: true,
        internal_states: [{ last_gen_throughput: 0 }],
        version: '0.5.6',
      },
      '/metrics': `# HELP sglang:num_running_reqs The number of running requests
# TYPE sglang:num_running_reqs gauge
sglang:num_running_reqs{model_name="tiny"} 2.0
sglang:num_queue_reqs{model_name="tiny"} 1.0
`,
    }),
  },
  'text-generation-inference': {
    source: 'huggingface/text-generation-inference, docs/openapi.json, schemas Info and ModelInfo',
    open: ['/health', '/info', '/metrics'],
    answers: models => ({
      '/v1/models': list(models, models[0] ?? ''),
      '/health': '',
      '/info': {
        model_id: 'bigscience/bloom-560m',
        model_sha: null,
        model_pipeline_tag: 'text-generation',
        max_concurrent_requests: 128,
        max_best_of: 2,
        max_stop_sequences: 4,
        max_input_tokens: 1024,
        max_total_tokens: 2048,
        validation_workers: 2,
        max_client_batch_size: 32,
        router: 'text-generation-router',
        version: '2.4.1',
        sha: null,
        docker_label: null,
      },
      '/metrics': `# TYPE tgi_batch_current_size gauge
tgi_batch_current_size 2
# TYPE tgi_queue_size gauge
tgi_queue_size 1
`,
    }),
  },
  'lm-studio': {
    source:
      'https://lmstudio.ai/docs/api/rest-api, capabilities: https://lmstudio.ai/docs/developer/api-changelog',
    open: [],
    answers: models => ({
      '/v1/models': list(models, 'organization_owner'),
      '/api/v0/models': {
        object: 'list',
        data: models.map(id => ({
          id,
          object: 'model',
          type: 'llm',
          publisher: 'lmstudio-community',
          arch: 'llama',
          compatibility_type: 'gguf',
          quantization: 'Q4_K_M',
          state: 'loaded',
          max_context_length: 131_072,
          capabilities: ['tool_use'],
        })),
      },
    }),
  },
} as const satisfies Readonly<Record<string, RecordedServer>>;

export type RecordedName = keyof typeof recordedServers;
