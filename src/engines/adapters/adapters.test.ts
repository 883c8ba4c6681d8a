import { describe, expect, it } from 'vitest';
import { engineConformance, type RunningEngine } from '../../../test/engines/conformance.ts';
import { type FakeBehaviour, FakeEngine } from '../../../test/engines/fake-engine.ts';
import { attachEngine } from '../attach.ts';
import { engineHttp } from '../engine-http.ts';
import type { AskEngine } from '../engine.ts';
import { generate } from '../generate.ts';
import { commandEngine } from './command.ts';
import { knownServers } from './known-servers.ts';
import { llamaCpp } from './llama-cpp.ts';
import { ollama } from './ollama.ts';

const opening =
  (behaviour: Partial<FakeBehaviour>): (() => Promise<RunningEngine>) =>
  async () => {
    const fake = await FakeEngine.start(behaviour);
    return {
      dial: fake.dial,
      key: behaviour.key,
      model: 'tiny',
      [Symbol.asyncDispose]: async () => await fake[Symbol.asyncDispose](),
    };
  };

engineConformance('llama.cpp (pretended)', { engine: 'llama.cpp', resume: true }, opening({ key: 'secret' }));
engineConformance('Ollama (pretended)', { engine: 'ollama', resume: false }, opening({ kind: 'ollama' }));
const least = { resume: false, tools: false, jsonSchema: false, metrics: false };
engineConformance(
  'vLLM (as documented)',
  { ...least, engine: 'vllm', jsonSchema: true, metrics: true },
  opening({ kind: 'vllm', key: 'k' }),
);
engineConformance(
  'SGLang (as documented)',
  { ...least, engine: 'sglang', tools: true, jsonSchema: true, metrics: true },
  opening({ kind: 'sglang', key: 'k' }),
);
engineConformance(
  'TGI (as documented)',
  { ...least, engine: 'text-generation-inference', tools: true, metrics: true },
  opening({ kind: 'text-generation-inference', key: 'k' }),
);
engineConformance(
  'LM Studio (as documented)',
  { ...least, engine: 'lm-studio', tools: true, jsonSchema: true },
  opening({ kind: 'lm-studio' }),
);
engineConformance(
  'any other (pretended)',
  { ...least, engine: 'openai-compatible' },
  opening({ kind: 'openai' }),
);

function ask(fake: FakeEngine, milliseconds = 5000): AskEngine {
  return { http: engineHttp(fake.dial), key: fake.behaviour.key, signal: AbortSignal.timeout(milliseconds) };
}

describe('an engine', () => {
  it('that loads, sleeps or works is not taken for a broken one', async () => {
    await using fake = await FakeEngine.start({ loading: true });
    expect(await llamaCpp.readiness(ask(fake))).toBe('loading');
    expect(await attachEngine(ask(fake))).toMatchObject({
      engine: 'llama.cpp',
      readiness: 'loading',
      models: [],
    });
    fake.behaviour.loading = false;
    fake.behaviour.sleeping = true;
    expect(await llamaCpp.readiness(ask(fake))).toBe('sleeping');
    expect(await llamaCpp.busy(ask(fake))).toBe(0);
    fake.behaviour.sleeping = false;
    expect(await llamaCpp.busy(ask(fake))).toBe(1);
  });

  it('that is none is told so', async () => {
    await using fake = await FakeEngine.start({ kind: 'something else' });
    await expect(attachEngine(ask(fake))).rejects.toMatchObject({ code: 'engine.failed' });
  });

  it.each(['vllm', 'sglang', 'text-generation-inference'] as const)(
    'that is %s says how much it works on, and what it is also to whoever has no key',
    async kind => {
      await using fake = await FakeEngine.start({ kind, key: 'k' });
      const { adapter } = await attachEngine(ask(fake));
      expect(await adapter.busy(ask(fake))).toBe(3);
      for (const known of knownServers) {
        const found = await known.detect({ ...ask(fake), key: undefined });
        expect(found?.engine ?? null).toBe(known.name === kind ? kind : null);
      }
    },
  );

  it.each([
    'llama.cpp',
    'ollama',
    'vllm',
    'sglang',
    'text-generation-inference',
    'lm-studio',
    'openai',
  ] as const)('of the kind %s that was stopped is not healthy by its own probe (T10)', async kind => {
    const fake = await FakeEngine.start({ kind });
    const { adapter } = await attachEngine(ask(fake));
    expect(await adapter.readiness(ask(fake))).toBe('ready');
    const later = ask(fake);
    await fake[Symbol.asyncDispose]();
    await expect(adapter.readiness(later)).rejects.toThrow();
  });

  it('that only has a version is not taken for one that has as well', async () => {
    await using fake = await FakeEngine.start({ kind: 'openai', more: { '/version': { version: '2.1' } } });
    expect(await attachEngine(ask(fake))).toMatchObject({ engine: 'openai-compatible', version: null });
  });

  it('is asked for each path once while it is recognised', async () => {
    await using fake = await FakeEngine.start({ kind: 'openai' });
    await attachEngine(ask(fake));
    expect(fake.asked.length).toBe(new Set(fake.asked).size);
  });

  it('of a command of its own is asked where its command says', async () => {
    await using fake = await FakeEngine.start({ kind: 'openai' });
    const own = commandEngine({ health: '/v1/models' });
    expect(await attachEngine(ask(fake), [own])).toMatchObject({ engine: 'command', models: ['tiny'] });
  });

  it('that cuts, mumbles or stops in the middle fails typed, and soon', async () => {
    await using fake = await FakeEngine.start({ fault: 'cut' });
    await expect(llamaCpp.models(ask(fake))).rejects.toMatchObject({ code: 'engine.down' });
    fake.behaviour.fault = 'no-json';
    await expect(llamaCpp.models(ask(fake))).rejects.toMatchObject({
      code: 'engine.failed',
      message: expect.stringContaining('no JSON') as string,
    });
    fake.behaviour.fault = 'unended';
    await expect(
      generate(ask(fake), '/v1/chat/completions', { model: 'tiny', tokens: 1 }),
    ).rejects.toMatchObject({ code: 'engine.failed', message: 'The stream of a chat ended before its end.' });
    fake.behaviour.fault = 'silent';
    await expect(llamaCpp.models(ask(fake, 50))).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});

describe('the log of an engine', () => {
  it('says why it ended', () => {
    const lines = {
      'model.truncated':
        "0.00.1 E llama_model_load: error loading model: tensor 'blk.0.ffn_up.weight' data is not within the file bounds, model is corrupted or incomplete",
      'model.not-gguf': "gguf_init_from_file_impl: invalid magic characters: 'vers', expected 'GGUF'",
      'model.unreadable': "gguf_init_from_file: failed to open GGUF file 'x' (No such file or directory)",
      'engine.memory': 'ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 99',
      'engine.port-busy': "srv start: couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 80",
      'engine.bad-argument': 'error: invalid argument: --x',
      'engine.no-model': 'E exactly one out metadata, path_model, and file must be defined',
    };
    for (const [code, line] of Object.entries(lines))
      expect(llamaCpp.classify(`one line\n${line}\nmain: exiting due to model loading error`)).toMatchObject({
        code,
      });
    expect(llamaCpp.classify('all is well')).toBeNull();
    expect(ollama.classify('Error: listen tcp 127.0.0.1:11434: bind: address already in use')).toMatchObject({
      code: 'engine.port-busy',
    });
  });

  it('is read as far as a line of it may be long', () => {
    const far = `${'listen tcp '.repeat(200)} bind: address already in use`;
    expect([ollama.classify(far), commandEngine({}).classify(far)]).toEqual([null, null]);
  });

  it('is not shown raw', () => {
    const found = llamaCpp.classify('0.00.034.930 E \u001b[31merror: invalid argument: --x\u001b[0m');
    expect(found?.cause).toBe('error: invalid argument: --x');
  });
});
