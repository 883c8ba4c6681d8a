import { describe, expect, it } from 'vitest';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { buildOpenAiApp, type OpenAiGateway, type PassedCall } from './openai-app.ts';

const calls: PassedCall[] = [];
const gateway: OpenAiGateway = {
  models: async () => await Promise.resolve([{ id: 'org/tiny', owner: 'web-1/tiny' }]),
  async *stream(call) {
    calls.push(call);
    yield await Promise.resolve('{"choices":[]}');
  },
  whole: async () => await Promise.resolve({ object: 'chat.completion' }),
  once: async () => await Promise.resolve('{"object":"list"}'),
};

function appOf(part: Partial<OpenAiGateway> = {}, options: { readonly grace?: number } = {}) {
  return buildOpenAiApp({
    gateway: { ...gateway, ...part },
    token: 'token',
    stopping: new AbortController().signal,
    heartbeat: 5,
    ...options,
  });
}
const headers = { host: '127.0.0.1:8790', authorization: 'Bearer token', 'content-type': 'application/json' };
const post = (path: string, body: unknown, more: object = {}, part: Partial<OpenAiGateway> = {}) =>
  appOf(part).request(path, {
    method: 'POST',
    headers: { ...headers, ...more },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

describe('the endpoint', () => {
  it('lists models, one by one too, with slashes in their names', async () => {
    const list = await appOf().request('/v1/models', { headers });
    expect(await list.json()).toMatchObject({
      object: 'list',
      data: [{ id: 'org/tiny', owned_by: 'web-1/tiny' }],
    });
    expect((await appOf().request('/v1/models/org/tiny', { headers })).status).toBe(200);
    expect((await appOf().request('/v1/models/nope', { headers })).status).toBe(404);
  });

  it('streams what the server wrote, or gives the whole, and passes embeddings on', async () => {
    const body = { model: 'm', stream: true, messages: [], user: 'ann' };
    const streamed = await post('/v1/chat/completions', body);
    expect(streamed.headers.get('content-type')).toBe('text/event-stream');
    expect(await streamed.text()).toBe('data: {"choices":[]}\n\ndata: [DONE]\n\n');
    expect(calls.at(-1)).toMatchObject({ path: '/v1/chat/completions', body, client: 'ann' });
    expect(await (await post('/v1/completions', { model: 'm' })).json()).toEqual({
      object: 'chat.completion',
    });
    expect(await (await post('/v1/embeddings', { model: 'm' })).json()).toEqual({ object: 'list' });
  });

  it.each([
    ['no token', { authorization: '' }, 401, 'api.unauthorised'],
    ['another token', { authorization: 'Bearer other' }, 401, 'api.unauthorised'],
    ['a page of another site', { origin: 'https://evil.example' }, 403, 'endpoint.refused-origin'],
    ['a page that hides where it is from', { origin: 'null' }, 403, 'endpoint.refused-origin'],
    ['a name that was pointed here', { host: 'evil.example:8790' }, 403, 'endpoint.refused-origin'],
    ['a name that only begins like ours', { host: 'localhost.evil.example' }, 403, 'endpoint.refused-origin'],
  ])('refuses %s (T17)', async (_, more, status, code) => {
    const answer = await post('/v1/chat/completions', { model: 'm' }, more);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ error: { code } });
  });

  it('takes the token as x-api-key, and a page of this machine', async () => {
    const more = { authorization: '', 'x-api-key': 'token', origin: 'http://localhost:3000' };
    const answer = await post('/v1/chat/completions', { model: 'm' }, more);
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([
      200,
      'http://localhost:3000',
    ]);
  });

  it.each([
    ['no JSON', '{"model":'],
    ['a list', '[]'],
    ['a model that is no text', '{"model":7}'],
  ])('refuses %s', async (_, body) => {
    const answer = await post('/v1/chat/completions', body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: { type: 'invalid_request_error', code: 'input.invalid' },
    });
  });

  it("answers faults with the status, the words and the code that OpenAI's clients know", async () => {
    const overflow = new DeckhandError('chat.context-overflow', 'It has 9 tokens, the context 4.');
    const failing = { stream: () => failed(overflow), whole: async () => await Promise.reject(overflow) };
    for (const stream of [true, false]) {
      const answer = await post('/v1/chat/completions', { model: 'm', stream }, {}, failing);
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({
        error: { code: 'context_length_exceeded', message: expect.stringContaining('9 tokens') as string },
      });
    }
    const down = { whole: async () => await Promise.reject(new DeckhandError('tunnel.down', 'Gone.')) };
    const answer = await post('/v1/chat/completions', { model: 'm' }, {}, down);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await answer.json()).toMatchObject({ error: { type: 'tunnel_down' } });
  });

  it('ends a stream that fails later with the fault, and without an end (T20)', async () => {
    const cut = new DeckhandError('chat.cut', 'Gone.');
    const answer = await post(
      '/v1/chat/completions',
      { stream: true },
      {},
      { stream: () => failed(cut, 'a') },
    );
    const text = await answer.text();
    expect(text).toMatch(/^data: a\n\ndata: \{"error":\{"message":"Gone\./);
    expect(text).not.toContain('[DONE]');
  });

  it('says so when the endpoint is closed in the middle of a stream (T20)', async () => {
    const stopping = new AbortController();
    const endless = {
      async *stream({ signal }: PassedCall): AsyncGenerator<string> {
        yield 'a';
        await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }));
      },
    };
    const app = buildOpenAiApp({
      gateway: { ...gateway, ...endless },
      token: 'token',
      stopping: stopping.signal,
    });
    const body = '{"stream":true}';
    const answer = await app.request('/v1/chat/completions', { method: 'POST', headers, body });
    const text = answer.text();
    stopping.abort(new DeckhandError('command.cancelled', 'The endpoint is closed.'));
    expect(await text).toMatch(/^(?:data: a\n\n)?data: \{"error":\{"message":"The endpoint is closed\./);
    expect(await text).not.toContain('[DONE]');
  });

  it('says that it lives while nothing comes, and stops the work when the reader leaves', async () => {
    const left = Promise.withResolvers<void>();
    const silent = {
      async *stream({ signal }: PassedCall): AsyncGenerator<string> {
        signal.addEventListener('abort', () => left.resolve(), { once: true });
        await left.promise;
        yield* [];
      },
    };
    const app = appOf(silent, { grace: 1 });
    const answer = await app.request('/v1/chat/completions', {
      method: 'POST',
      headers,
      body: '{"stream":true}',
    });
    const reader = answer.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe(':\n\n');
    await reader?.cancel();
    await left.promise;
  });
});

async function* failed(fault: DeckhandError, ...before: readonly string[]): AsyncGenerator<string> {
  yield* before;
  throw await Promise.resolve(fault);
}
