import { describe, expect, it } from 'vitest';
import type { ChatEvent, ChatParameters } from '../core/chat.ts';
import { systemClock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { FakeModelServer } from '../../test/models/fake-model-server.ts';
import { answerOf, chatConformance, hi, type ServedHere } from '../../test/models/conformance.ts';
import { chat, type ChatCall } from './chat.ts';
import type { ModelDoor } from './door.ts';

const call = (part: Partial<ChatCall> = {}): ChatCall => ({
  model: 'tiny',
  messages: hi,
  parameters: {},
  clock: systemClock,
  signal: AbortSignal.timeout(20_000),
  ...part,
});
const errorOf = async (door: ModelDoor, part: Partial<ChatCall> = {}): Promise<unknown> =>
  await answerOf(chat(door, call(part))).catch((error: unknown) => error);

async function pretended(resumes: boolean): Promise<ServedHere> {
  const server = await FakeModelServer.start({ key: 'secret', resumes });
  return {
    door: server.door(),
    model: 'tiny',
    sentence: 'Ahoy, grüße 🦜!',
    busy: async () => await Promise.resolve(server.busy),
    endless: { parameters: { maxTokens: 100_000 } },
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  };
}
chatConformance('a pretended server that resumes', () => pretended(true));
chatConformance('a pretended server that does not', () => pretended(false));

describe('what is sent', () => {
  const sent = async (parameters: ChatParameters): Promise<Record<string, unknown>> => {
    await using server = await FakeModelServer.start();
    await answerOf(chat(server.door({ headers: { 'x-team': 'blue' } }), call({ parameters })));
    return JSON.parse(server.requests[0]?.body ?? '') as Record<string, unknown>;
  };

  it('is what was given: zero stays zero, absent stays absent (T12 L30)', async () => {
    expect(await sent({})).toEqual({
      model: 'tiny',
      messages: [{ role: 'user', content: 'hi' }],
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(await sent({ temperature: 0, topP: 0, seed: 0, stop: [] })).toMatchObject({
      temperature: 0,
      top_p: 0,
      seed: 0,
      stop: [],
    });
  });
});

describe('an answer that is cut off', () => {
  it('goes on byte for byte where the server can, at every place (B08)', async () => {
    await using server = await FakeModelServer.start({ resumes: true });
    server.pings = 3;
    for (let cut = 1; cut < 700; cut += 37) {
      server.cuts = [cut, cut + 150];
      const { text, done } = await answerOf(chat(server.door(), call()));
      expect(text).toBe('Ahoy, grüße 🦜!');
      expect(done?.usage.completionTokens).toBe(4);
      expect(done?.usage.resumed).toBeGreaterThan(0);
    }
  });

  it('waits for a network that is gone, and says so', async () => {
    await using server = await FakeModelServer.start({ resumes: true });
    server.hold();
    const events: ChatEvent[] = [];
    const stop = AbortSignal.timeout(20_000);
    const reading = (async () => {
      for await (const event of chat(server.door(), call({ signal: stop }))) events.push(event);
    })();
    await expect.poll(() => server.busy).toBe(1);
    server.unplug();
    setImmediate(() => {
      server.release();
      server.plugIn();
    });
    await reading;
    expect(events.map(event => event.event)).toContain('note');
    expect(events.flatMap(event => (event.event === 'text' ? [event.text] : [])).join('')).toBe(
      'Ahoy, grüße 🦜!',
    );
  });

  it('says so while it waits, and can be left then', async () => {
    await using server = await FakeModelServer.start({ resumes: true });
    for (const leaves of [false, true]) {
      server.hold();
      let text = '';
      let isNoted = false;
      const reading = (async () => {
        for await (const event of chat(server.door(), call())) {
          if (event.event === 'text') text += event.text;
          if (event.event !== 'note') continue;
          isNoted = true;
          if (leaves) break;
          server.plugIn();
          server.release();
        }
      })();
      await expect.poll(() => server.busy).toBe(1);
      server.unplug();
      await reading;
      expect([isNoted, text]).toEqual([true, leaves ? '' : 'Ahoy, grüße 🦜!']);
    }
    server.plugIn();
    await expect.poll(() => server.busy, { timeout: 10_000 }).toBe(0);
  });

  it('is an error where it cannot, also when the stream just ends (T20)', async () => {
    await using server = await FakeModelServer.start({ resumes: false });
    server.cuts = [300];
    expect(await errorOf(server.door())).toMatchObject({ code: 'chat.cut' });
    server.unended = true;
    expect(await errorOf(server.door())).toMatchObject({ code: 'chat.cut' });
  });

  it('is an error when the server has forgotten it', async () => {
    await using server = await FakeModelServer.start({ resumes: false });
    server.cuts = [300];
    const error = await errorOf(server.door({ resumes: true }));
    expect(error).toMatchObject({ code: 'chat.cut' });
    expect(String(error)).toContain('it answered 404');
  });

  it('is not asked for without a rest, nor for ever, where it goes on with nothing', async () => {
    await using server = await FakeModelServer.start({ resumes: true });
    server.cuts = [300];
    server.resumesEmpty = true;
    expect(await errorOf(server.door(), { limits: { outage: 250 } })).toMatchObject({ code: 'chat.cut' });
    // after 0, 100 and 300 ms, and the farewell
    expect(server.requests.filter(({ path }) => path === '/v1/stream').length).toBeLessThan(6);
  });

  it('is given up after the time for that', async () => {
    await using server = await FakeModelServer.start({ resumes: true });
    server.hold();
    const reading = errorOf(server.door(), { limits: { outage: 1 } });
    await expect.poll(() => server.busy).toBe(1);
    server.unplug();
    expect(await reading).toMatchObject({ code: 'chat.cut' });
  });
});

describe('a chat that is left', () => {
  it('while the network is gone is dropped by the server when it is back (L24)', async () => {
    await using server = await FakeModelServer.start({ resumes: true });
    server.hold();
    const stop = new AbortController();
    const reading = errorOf(server.door(), { signal: stop.signal });
    await expect.poll(() => server.busy).toBe(1);
    server.unplug();
    stop.abort(new Error('enough'));
    expect(String(await reading)).toBe('Error: enough');
    expect(server.busy).toBe(1);
    server.plugIn();
    await expect.poll(() => server.busy, { timeout: 10_000 }).toBe(0);
  });

  it('before the server took up the question is dropped all the same (L24)', async () => {
    await using server = await FakeModelServer.start({ resumes: true });
    server.hold();
    server.slowToLearn = 2;
    const stop = new AbortController();
    const reading = errorOf(server.door(), { signal: stop.signal });
    await expect.poll(() => server.busy).toBe(1);
    stop.abort(new Error('enough'));
    await reading;
    await expect.poll(() => server.busy, { timeout: 10_000 }).toBe(0);
  });
});

describe('a server that says nothing', () => {
  it('is noticed by its missing pings, or by the time for the first event', async () => {
    await using server = await FakeModelServer.start();
    server.hold();
    expect(await errorOf(server.door({ pingInterval: 5 }))).toMatchObject({ code: 'chat.stalled' });
    expect(await errorOf(server.door(), { limits: { firstEvent: 10, silence: 10 } })).toMatchObject({
      code: 'chat.stalled',
    });
    await expect.poll(() => server.busy).toBe(0);
  });
});

describe('a way to the server that is closed for longer than the server may be silent', () => {
  it('is waited for, and told as what it is', async () => {
    await using server = await FakeModelServer.start();
    const dial: ModelDoor['dial'] = async signal => {
      await systemClock.sleep(60, signal);
      throw new DeckhandError('tunnel.down', 'held for a while');
    };
    expect(await errorOf(server.door({ pingInterval: 5, dial }))).toMatchObject({ code: 'tunnel.down' });
  });

  it('is not waited for without an end', async () => {
    await using server = await FakeModelServer.start();
    const dial: ModelDoor['dial'] = async signal =>
      await new Promise<never>((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      );
    const limits = { firstEvent: 30 };
    expect(await errorOf(server.door({ pingInterval: 5, dial }), { limits })).toMatchObject({
      code: 'chat.stalled',
    });
  });
});

describe('what is no answer', () => {
  const faults: readonly (readonly [string, number, string, string])[] = [
    ['chat.malformed', 200, 'text/html', '<html>please log in</html>'],
    ['chat.malformed', 200, 'text/event-stream', 'data: {"choices":\n\ndata: [DONE]\n\n'],
    [
      'chat.context-overflow',
      200,
      'text/event-stream',
      'data: {"error":{"message":"m","type":"exceed_context_size_error","n_prompt_tokens":9,"n_ctx":4}}\n\n',
    ],
    ['engine.failed', 200, 'text/event-stream', 'error: {"message":"boom","code":500}\n\n'],
    [
      'chat.context-overflow',
      400,
      'application/json',
      '{"error":{"message":"This model\'s maximum context length is 4096 tokens. However, you requested 5000 tokens","code":"context_length_exceeded"}}',
    ],
    ['chat.unknown-model', 400, 'application/json', '{"error":{"message":"model \'nope\' not found"}}'],
    [
      'chat.unknown-model',
      404,
      'application/json',
      '{"error":{"message":"model \\"nope\\" not found, try pulling it first"}}',
    ],
    ['chat.refused', 400, 'application/json', '{"error":{"message":"failed to parse grammar"}}'],
    ['chat.unsupported', 500, 'application/json', '{"error":{"message":"image input is not supported"}}'],
    [
      'chat.unsupported',
      501,
      'application/json',
      '{"error":{"message":"This server does not support embeddings","type":"not_supported_error"}}',
    ],
    [
      'engine.down',
      503,
      'application/json',
      '{"error":{"message":"Loading model","type":"unavailable_error"}}',
    ],
    ['tunnel.down', 503, 'application/json', '{"error":{"message":"no way","type":"tunnel_down"}}'],
    ['chat.busy', 429, 'application/json', '{"error":{"message":"slow down"}}'],
    ['chat.malformed', 404, 'text/html', '<h1>Not Found</h1>'],
    ['engine.failed', 502, 'text/html', '<h1>Bad Gateway</h1>'],
  ];
  it.each(faults)('is %s for %i %s %s', async (code, status, type, body) => {
    await using server = await FakeModelServer.start();
    server.instead = { status, type, body };
    expect(await errorOf(server.door())).toMatchObject({ code });
  });

  it('is quoted without what a terminal would obey', async () => {
    await using server = await FakeModelServer.start();
    server.instead = { status: 400, body: '{"error":{"message":"\\u001b[31mred\\u0007"}}' };
    expect(String(await errorOf(server.door()))).toBe('DeckhandError: box/tiny: red�.');
  });
});
