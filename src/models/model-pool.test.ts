import { describe, expect, it } from 'vitest';
import { FakeModelServer } from '../../test/models/fake-model-server.ts';
import { systemClock } from '../core/clock.ts';
import { ModelPool, type ModelServer } from './model-pool.ts';
import { passOnce, passStream, passWhole, type PassedRequest } from './pass-on.ts';

const body = { model: 'tiny', messages: [{ role: 'user', content: 'hi' }] };
const { signal } = new AbortController();

function serverOf(name: string, fake: FakeModelServer, slots: number | null = 4): ModelServer {
  return {
    name,
    slots,
    kind: 'address',
    promises: [],
    door: async () => await Promise.resolve(fake.door({ name })),
    forget() {},
  };
}
const passed = (servers: readonly ModelServer[], part: Partial<PassedRequest> = {}): PassedRequest => ({
  servers,
  path: '/v1/chat/completions',
  body,
  client: 'me',
  signal,
  clock: systemClock,
  ...part,
});
const textOf = (answer: unknown): unknown =>
  (answer as { choices: { message: { content: string } }[] }).choices[0]?.message.content;

describe('a pool of model servers', () => {
  it('asks whoever has the model, by its name or with the server before it', async () => {
    await using one = await FakeModelServer.start({ models: ['tiny'], pieces: ['one'] });
    await using two = await FakeModelServer.start({ models: ['big', 'tiny'], pieces: ['two'] });
    const pool = new ModelPool(systemClock);
    const servers = [serverOf('a', one), serverOf('b', two)];
    const ask = async (model?: string): Promise<unknown> =>
      textOf(await passWhole(pool, passed(servers, { body: { ...body, model } })));
    expect(await ask('big')).toBe('two');
    expect(await ask('b/tiny')).toBe('two');
    expect(await ask('a')).toBe('one');
    await expect(ask('nope')).rejects.toMatchObject({
      code: 'chat.unknown-model',
      message: "No server has a model 'nope'. There are big, tiny.",
    });
    await expect(ask()).rejects.toMatchObject({ hint: 'Say which one.' });
  });

  it('asks another one when the first fails before its first token, and only then (B08)', async () => {
    await using broken = await FakeModelServer.start();
    await using good = await FakeModelServer.start();
    const pool = new ModelPool(systemClock);
    const servers = [serverOf('broken', broken), serverOf('good', good)];
    for (const cut of [1, 180]) {
      broken.cuts = [cut];
      expect(textOf(await passWhole(new ModelPool(systemClock), passed(servers)))).toBe('Ahoy, grüße 🦜!');
    }
    for (const cut of [1, 180]) {
      broken.cuts = [cut];
      let streamed = '';
      for await (const message of passStream(new ModelPool(systemClock), passed(servers)))
        streamed += message;
      // one beginning, one end: nothing of the first server was passed on
      expect([streamed.match(/"role"/g)?.length, streamed.match(/"stop"/g)?.length]).toEqual([1, 1]);
    }
    expect(broken.requests.length).toBeGreaterThan(4);
    broken.cuts = [];
    broken.instead = { status: 503, body: '{"error":{"message":"Loading model"}}' };
    expect(textOf(await passWhole(pool, passed(servers)))).toBe('Ahoy, grüße 🦜!');
    const seen: string[] = [];
    broken.instead = null;
    broken.cuts = [320];
    const late = (async () => {
      for await (const message of passStream(new ModelPool(systemClock), passed(servers))) seen.push(message);
    })();
    await expect(late).rejects.toMatchObject({ code: 'chat.cut' });
    expect(seen.join('')).toContain('Ahoy');
  });

  it('does not ask another one for what is wrong with the question', async () => {
    await using one = await FakeModelServer.start({ context: 5 });
    await using two = await FakeModelServer.start({ context: 5 });
    const servers = [serverOf('a', one), serverOf('b', two)];
    const asked = passWhole(new ModelPool(systemClock), passed(servers));
    await expect(asked).rejects.toMatchObject({ code: 'chat.context-overflow' });
    const chats = [...one.requests, ...two.requests].filter(({ path }) => path.endsWith('completions'));
    expect(chats).toHaveLength(1);
  });

  it('reads a key anew once that was refused', async () => {
    await using fake = await FakeModelServer.start({ key: 'new' });
    let key = 'old';
    let forgotten = 0;
    const server: ModelServer = {
      ...serverOf('a', fake),
      promises: ['tiny'],
      door: async () => await Promise.resolve(fake.door({ key: () => key })),
      forget() {
        forgotten += 1;
        key = 'new';
      },
    };
    expect(textOf(await passWhole(new ModelPool(systemClock), passed([server])))).toBe('Ahoy, grüße 🦜!');
    expect(forgotten).toBe(1);
  });

  it('works on no more than there are slots, and on all in the end (L26)', async () => {
    await using fake = await FakeModelServer.start();
    const pool = new ModelPool(systemClock);
    const servers = [serverOf('a', fake, 2)];
    fake.hold();
    const answers = Array.from({ length: 8 }, async () => await passWhole(pool, passed(servers)));
    await expect.poll(() => [fake.busy, pool.waiting]).toEqual([2, 6]);
    fake.release();
    expect((await Promise.all(answers)).map(textOf)).toEqual(
      Array.from({ length: 8 }, () => 'Ahoy, grüße 🦜!'),
    );
  });

  it('passes embeddings on, and what the server refuses', async () => {
    await using fake = await FakeModelServer.start();
    const pool = new ModelPool(systemClock);
    const request = passed([serverOf('a', fake)], {
      path: '/v1/embeddings',
      body: { model: 'tiny', input: 'x' },
    });
    expect(JSON.parse(await passOnce(pool, request))).toMatchObject({ object: 'list' });
    await expect(passOnce(pool, { ...request, path: '/v1/nope' })).rejects.toMatchObject({
      code: 'chat.refused',
    });
  });

  it('shows a server that does not answer with its reason (L28)', async () => {
    await using one = await FakeModelServer.start({ models: ['tiny'] });
    await using two = await FakeModelServer.start();
    two.unplug();
    const views = await new ModelPool(systemClock).list([serverOf('a', one), serverOf('b', two)], signal);
    expect(views).toMatchObject([
      { server: 'a', model: 'tiny', context: 2048, error: null },
      { server: 'b', model: null, error: { code: 'tunnel.down' } },
    ]);
  });
});
