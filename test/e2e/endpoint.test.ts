import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  APIError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  OpenAI,
} from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { onHost } from '../faults/lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';
import { TINY_SENTENCE } from '../model/tiny-model.ts';
import { deckhand as runDeckhand } from './deckhand-command.ts';
import { EngineEyes } from './engine-eyes.ts';
import { type ModelLab, openModelLab, tinyModel } from './model-lab.ts';

/** One address for all models, used by other people's programs, with a real server on a booted host behind it. */
let lab: ModelLab;
let host: LabHost;
let eyes: EngineEyes;
let url: string;
let token: string;
let openai: OpenAI;
const hi = [{ role: 'user' as const, content: 'hi' }];
/** Goes on until it is stopped: the end of its sentence does not count. */
const ENDLESS = { ignore_eos: true, temperature: 0, seed: 7 };

beforeAll(async () => {
  lab = await openModelLab([37]);
  [host] = lab.hosts as [LabHost];
  eyes = new EngineEyes(host, lab.folder);
  // four answers that go on share the context: there is room in it for whatever is done meanwhile
  const shape = { dimension: 128, feedForward: 512, layers: 3, heads: 4, context: 65_536 };
  const slow = await tinyModel(lab.folder, 'slow.gguf', shape);
  for (const [model, context] of [
    [lab.model, '2048'],
    [slow, `${shape.context}`],
  ] as const) {
    const deployed = await lab.deckhand(
      'model',
      'deploy',
      ...lab.asGuest,
      host.name,
      model,
      '--threads',
      '1',
      '--context',
      context,
    );
    expect(deployed.code, deployed.stderr).toBe(0);
  }
  const told = await lab.deckhand('serve', '--detach', '--port', '0', ...lab.asGuest, '--json');
  const { endpoint } = JSON.parse(told.stdout) as { endpoint: { url: string; tokenFile: string } };
  url = endpoint.url;
  token = (await readFile(endpoint.tokenFile, 'utf8')).trim();
  openai = new OpenAI({ baseURL: url, apiKey: token, maxRetries: 0 });
});
afterAll(async () => {
  await eyes?.[Symbol.asyncDispose]();
  await lab?.[Symbol.asyncDispose]();
});

/** A question to the slow model whose answer goes on until it is stopped. */
async function ask(more: object, stop?: AbortSignal): Promise<Response> {
  return await fetch(`${url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'slow', messages: hi, ...ENDLESS, ...more }),
    ...(stop ? { signal: stop } : {}),
  });
}

async function endpointStatus(): Promise<{ readonly running: number; readonly waiting: number }> {
  const { stdout } = await lab.deckhand('serve', '--status', '--json');
  return (JSON.parse(stdout) as { endpoint: { running: number; waiting: number } }).endpoint;
}

/** What the pieces of a streamed answer say together. */
function saidIn(stream: string): { readonly text: string; readonly pieces: number } {
  const pieces = [...stream.matchAll(/^data: (\{.*)$/gm)].flatMap(([, json]) => {
    const chunk = JSON.parse(json ?? '') as { choices: { delta?: { content?: string | null } }[] };
    return chunk.choices[0]?.delta?.content ?? [];
  });
  return { text: pieces.join(''), pieces: pieces.length };
}

describe("OpenAI's own client, unchanged (B08)", () => {
  const plain = { model: 'tiny', messages: hi, temperature: 0 };

  it('lists models, and has the answer as a whole and as a stream, with usage (L22 T13)', async () => {
    const { data } = await openai.models.list();
    expect(data.map(({ id }) => id).sort()).toEqual(['slow', 'tiny']);
    expect(await openai.models.retrieve('tiny')).toMatchObject({ id: 'tiny', object: 'model' });
    const whole = await openai.chat.completions.create(plain);
    expect(whole.choices[0]).toMatchObject({
      message: { role: 'assistant', content: TINY_SENTENCE },
      finish_reason: 'stop',
    });
    expect(whole.usage).toMatchObject({ prompt_tokens: 22, completion_tokens: 19, total_tokens: 41 });
    const stream = await openai.chat.completions.create({
      ...plain,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let usage: object | null = null;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
    expect([text, usage]).toMatchObject([TINY_SENTENCE, { prompt_tokens: 22, completion_tokens: 19 }]);
    const completion = await openai.completions.create({ model: 'tiny', prompt: 'hi', max_tokens: 4 });
    expect(completion.usage?.completion_tokens).toBe(4);
  });

  it('gets an answer of the shape that it asked for', async () => {
    const schema = {
      type: 'object',
      properties: { text: { type: 'string' }, sure: { type: 'boolean' } },
      required: ['text', 'sure'],
      additionalProperties: false,
    };
    const { choices } = await openai.chat.completions.create({
      ...plain,
      max_tokens: 300,
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema, strict: true } },
    });
    const answer = JSON.parse(choices[0]?.message.content ?? '') as object;
    expect(answer).toEqual({ text: expect.any(String) as string, sure: expect.any(Boolean) as boolean });
  });

  it('throws its own errors, with the codes that it knows', async () => {
    const failed = async (call: Promise<unknown>): Promise<unknown> =>
      await call.catch((error: unknown) => error);
    const unknown = await failed(openai.chat.completions.create({ ...plain, model: 'nope' }));
    expect(unknown).toBeInstanceOf(NotFoundError);
    expect(unknown).toMatchObject({
      code: 'model_not_found',
      message: expect.stringContaining('slow, tiny') as string,
    });
    const wrongKey = new OpenAI({ baseURL: url, apiKey: 'wrong', maxRetries: 0 });
    expect(await failed(wrongKey.models.list())).toBeInstanceOf(AuthenticationError);
    const long = [{ role: 'user' as const, content: 'word '.repeat(5_000) }];
    for (const stream of [true, false]) {
      const overflow = await failed(openai.chat.completions.create({ ...plain, messages: long, stream }));
      expect(overflow).toBeInstanceOf(BadRequestError);
      expect(overflow).toMatchObject({ code: 'context_length_exceeded' });
    }
    const embeddings = await failed(openai.embeddings.create({ model: 'tiny', input: 'hi' }));
    expect(embeddings).toBeInstanceOf(APIError);
    expect(String(embeddings)).toMatch(/embedding/);
  });

  it('leaves the server idle when it stops, by its controller or by leaving the loop (L24)', async () => {
    const stream = await openai.chat.completions.create({
      ...plain,
      ...ENDLESS,
      model: 'slow',
      stream: true,
    });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) stream.controller.abort();
    await eyes.untilIdle('slow');
    const left = await openai.chat.completions.create({ ...plain, ...ENDLESS, model: 'slow', stream: true });
    for await (const chunk of left) if (chunk.choices[0]?.delta.content) break;
    await eyes.untilIdle('slow');
    const stop = new AbortController();
    const whole = openai.chat.completions.create(
      { ...plain, ...ENDLESS, model: 'slow' },
      { signal: stop.signal },
    );
    await eyes.untilBusy('slow');
    stop.abort();
    await expect(whole).rejects.toBeInstanceOf(APIUserAbortError);
    await eyes.untilIdle('slow');
  });
});

describe('what cannot be answered', () => {
  const asked = async (body: string, path = 'chat/completions'): Promise<string> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const answer = await fetch(`${url}/${path}`, { method: 'POST', headers, body });
    const { error } = (await answer.json()) as { error?: { code?: string; message?: string } };
    expect(error?.message ?? 'answered', body.slice(0, 80)).toMatch(/./);
    return `${answer.status} ${error?.code}`;
  };
  const image = [{ type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }];

  it.each([
    ['no JSON', '{"model":', '400 input.invalid'],
    ['nothing', '', '400 input.invalid'],
    ['a list', '[]', '400 input.invalid'],
    ['a model that is a number', '{"model":5}', '400 input.invalid'],
    ['no messages', '{"model":"tiny"}', '400 chat.refused'],
    ['messages that are a text', '{"model":"tiny","messages":"hi"}', '400 chat.refused'],
    [
      'a grammar that is none',
      JSON.stringify({ model: 'tiny', messages: hi, grammar: '((' }),
      '400 chat.refused',
    ],
    [
      'an image for a model of text',
      JSON.stringify({ model: 'tiny', messages: [{ role: 'user', content: image }] }),
      '501 chat.unsupported',
    ],
    ['65 MiB', `{"model":"tiny","pad":"${'x'.repeat(65 * 1024 * 1024)}"}`, '413 task.too-large'],
  ])('%s is refused typed, streaming or not, and the server goes on', async (_, body, expected) => {
    expect(await asked(body)).toBe(expected);
    if (body.endsWith('}')) expect(await asked(body.replace(/\}$/, ',"stream":true}'))).toBe(expected);
    const { choices } = await openai.chat.completions.create({ model: 'tiny', messages: hi, max_tokens: 1 });
    expect(choices).toHaveLength(1);
  });
});

describe('cancelling', () => {
  it('leaves the server idle each time, streaming or not (L24 B08)', async () => {
    const idle: number[] = [];
    for (let round = 0; round < 12; round += 1) {
      const stop = new AbortController();
      const reading = ask({ stream: round % 2 === 0 }, stop.signal).then(async answer => await answer.text());
      reading.catch(() => undefined);
      await eyes.untilBusy('slow');
      stop.abort();
      idle.push(await eyes.untilIdle('slow'));
      await expect(reading).rejects.toThrow();
    }
    const shown = idle.map(each => each.toFixed(0)).join(' ');
    console.log(`idle after ${shown} ms, streaming and not in turns`);
  });
});

describe('fifty chats at once (L26)', () => {
  it('are shared: who asks little is not kept waiting by who asks much', async () => {
    const stop = new AbortController();
    const blocking = Array.from({ length: 4 }, async () => {
      const answer = await ask({ stream: true, user: 'first' }, stop.signal);
      await answer.text();
    });
    const blocked = Promise.allSettled(blocking);
    await eyes.untilBusy('slow', 4);
    const ended: string[] = [];
    const one = async (user: string): Promise<void> => {
      const answer = await ask({ max_tokens: 5, user, stream: true });
      expect(saidIn(await answer.text()).pieces).toBeGreaterThanOrEqual(5);
      ended.push(user);
    };
    const greedy = Array.from({ length: 40 }, async () => await one('greedy'));
    const modest = Array.from({ length: 10 }, async () => await one('modest'));
    while ((await endpointStatus()).waiting < 50) await systemClock.sleep(50);
    stop.abort();
    await Promise.all([...greedy, ...modest, blocked]);
    // equal shares: when the last of the ten is served, about ten of the forty are, and not all
    const before = ended.slice(0, ended.lastIndexOf('modest')).filter(user => user === 'greedy').length;
    console.log(`${before} of the other's 40 were served before the last of 10`);
    expect(before).toBeLessThan(20);
  });

  it('can each be stopped, those that wait too, and the server is idle then', async () => {
    const stops = Array.from({ length: 50 }, () => new AbortController());
    const answers = stops.map(async ({ signal }, index) => {
      const answer = await ask({ stream: index % 2 === 0, user: `user-${index % 10}` }, signal);
      return await answer.text();
    });
    const ends = Promise.allSettled(answers);
    await eyes.untilBusy('slow', 4);
    // from the end: first those that wait, the ones that run last
    for (const stop of stops.toReversed()) {
      stop.abort();
      await systemClock.sleep(2);
    }
    expect((await ends).map(({ status }) => status)).toEqual(stops.map(() => 'rejected'));
    console.log(`50 stopped: idle after ${(await eyes.untilIdle('slow')).toFixed(0)} ms`);
    expect(await endpointStatus()).toMatchObject({ running: 0, waiting: 0 });
  });
});

describe('an answer of 3,000 tokens', () => {
  /** Its hash, whatever happens each time that so many more bytes of it are there. */
  const hashOf = async (...disturb: readonly (() => Promise<unknown>)[]): Promise<string> => {
    const response = await ask({ stream: true, max_tokens: 3_000 });
    const left = [...disturb];
    let stream = '';
    const decoder = new TextDecoder();
    const begun = performance.now();
    for await (const bytes of response.body ?? []) {
      stream += decoder.decode(bytes as Uint8Array, { stream: true });
      if (stream.length > 50_000 * (disturb.length - left.length + 1)) await left.shift()?.();
    }
    console.log(`disturbed ${disturb.length} times: ${Math.round(performance.now() - begun)} ms`);
    expect(left).toEqual([]);
    expect(stream.endsWith('data: [DONE]\n\n')).toBe(true);
    const { text, pieces } = saidIn(stream);
    expect(pieces).toBeGreaterThan(2_900);
    return createHash('sha256').update(text).digest('hex');
  };
  let calm: string;

  it('is the same through two killed sessions (B08)', async () => {
    calm = await hashOf();
    // the tunnel's own session is ended, when it is back from the last time; the one that looks at the slots too
    const kill = async (): Promise<unknown> =>
      await onHost(host, "until pkill -KILL -f '^sshd(-session)?: guest'; do sleep 0.1; done");
    const disturbed = await hashOf(kill, kill);
    await eyes.forget();
    expect(disturbed).toBe(calm);
  });

  it('is the same through a network that is gone for eight seconds (B08)', async () => {
    const disturbed = await hashOf(async () => {
      await host.net('blackhole');
      await systemClock.sleep(8_000);
      await host.net('ok');
    });
    await eyes.forget();
    expect(disturbed).toBe(calm);
  });
});

describe('the command line beside it', () => {
  it('stops the model with Ctrl-C (L24 L32)', async () => {
    const preset = 'presets:\n  endless: { extra: { ignore_eos: true } }\n';
    await writeFile(join(lab.folder, 'deckhand.yaml'), preset);
    const words = ['chat', 'slow', 'hi', '--preset', 'endless', ...lab.asGuest];
    const signalAfter = { text: 'Ahoy', signal: 'SIGINT' } as const;
    expect((await runDeckhand(words, { folder: lab.folder, signalAfter })).code).toBe(130);
    await eyes.untilIdle('slow');
    const list = await lab.deckhand('chat', 'list', '--json');
    const [last] = (JSON.parse(list.stdout) as { conversations: { id: string }[] }).conversations;
    const shown = await lab.deckhand('chat', 'show', last?.id ?? '', '--json');
    const { messages } = JSON.parse(shown.stdout) as { messages: object[] };
    expect(messages).toMatchObject([{ role: 'user' }, { role: 'assistant', finishReason: 'cancelled' }]);
  });

  it('has the endpoint back after the daemon was killed, with the same token (L32)', async () => {
    const status = await lab.deckhand('daemon', 'status', '--json');
    const { pid } = JSON.parse(status.stdout) as { pid: number };
    process.kill(pid, 'SIGKILL');
    expect((await lab.deckhand('chat', 'list')).stdout).toContain('slow');
    const answer = await openai.chat.completions.create({ model: 'tiny', messages: hi, temperature: 0 });
    expect(answer.choices[0]?.message.content).toBe(TINY_SENTENCE);
  });

  it('has a model no more the moment it is removed: a 404, also for who was waiting for it (B08)', async () => {
    const removal = lab.deckhand('model', 'remove', ...lab.asGuest, `${host.name}/tiny`);
    const statuses: number[] = [];
    const asked = async (): Promise<void> => {
      const status = await openai.chat.completions
        .create({ model: 'tiny', messages: hi, max_tokens: 1 })
        .then(
          () => 200,
          (error: unknown) => (error as APIError).status ?? 0,
        );
      statuses.push(status);
    };
    const waiting: Promise<void>[] = [];
    while (!statuses.includes(404)) {
      waiting.push(asked());
      await systemClock.sleep(100);
    }
    expect((await removal).code).toBe(0);
    await Promise.all(waiting);
    await asked();
    console.log(`while it was removed: ${[...new Set(statuses)].join(', ')}`);
    // 502: the server ended before the tunnel to it was given up; 504: it had taken the question and hung at its end
    expect(statuses.filter(status => ![200, 404, 502, 504].includes(status))).toEqual([]);
    expect(statuses.at(-1)).toBe(404);
  });
});
