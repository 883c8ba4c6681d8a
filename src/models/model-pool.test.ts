import { describe, expect, it } from 'vitest';
import { FakeModelServer } from '../../test/models/fake-model-server.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
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

  it('asks each server once what it has, however many questions come meanwhile', async () => {
    await using one = await FakeModelServer.start({ models: ['tiny'] });
    await using two = await FakeModelServer.start({ models: ['tiny'] });
    const pool = new ModelPool(systemClock);
    const servers = [serverOf('a', one), serverOf('b', two)];
    const leaving = new AbortController();
    const left = passWhole(pool, passed(servers, { signal: leaving.signal }));
    const asked = Array.from({ length: 20 }, async () => await passWhole(pool, passed(servers)));
    // the first that asked leaves: the others have their answer all the same
    leaving.abort(new Error('enough'));
    await expect(left).rejects.toThrow('enough');
    await Promise.all(asked);
    const lists = [one, two].map(fake => fake.requests.filter(({ path }) => path === '/v1/models').length);
    expect(lists).toEqual([1, 1]);
  });

  it('waits long for the list of a server only where no other has the model', async () => {
    await using fake = await FakeModelServer.start();
    /** A clock on which so many milliseconds are over at once, and more never are. */
    const over = (most: number): Clock => ({
      ...systemClock,
      sleep: async (milliseconds, stop) => {
        if (milliseconds > most)
          await new Promise((_, reject) =>
            stop?.addEventListener('abort', () => reject(stop.reason as Error)),
          );
      },
    });
    const hung: ModelServer = {
      ...serverOf('hung', fake),
      door: async stop =>
        await new Promise((_, reject) => stop.addEventListener('abort', () => reject(stop.reason as Error))),
    };
    const both = passed([hung, serverOf('good', fake)]);
    expect(textOf(await passWhole(new ModelPool(over(5_000)), both))).toBe('Ahoy, grüße 🦜!');
    // the only one may take longer than the usual five seconds
    const reached = Promise.withResolvers<undefined>();
    const slow: ModelServer = {
      ...serverOf('slow', fake),
      door: async () => (await reached.promise) ?? fake.door({ name: 'slow' }),
    };
    const asked = passWhole(new ModelPool(over(5_000)), passed([slow]));
    setImmediate(() => reached.resolve(undefined));
    expect(textOf(await asked)).toBe('Ahoy, grüße 🦜!');
    await expect(passWhole(new ModelPool(over(45_000)), passed([hung]))).rejects.toMatchObject({
      code: 'engine.down',
      message: expect.stringContaining('hung: it did not answer within 45 s.') as string,
    });
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

  it('reads a key anew as well when the list of models was refused', async () => {
    await using fake = await FakeModelServer.start({ key: 'new' });
    let key = 'old';
    const server: ModelServer = {
      ...serverOf('a', fake),
      door: async () => await Promise.resolve(fake.door({ key: () => key })),
      forget: () => void (key = 'new'),
    };
    const pool = new ModelPool(systemClock);
    expect(await pool.list([server], signal)).toMatchObject([{ model: 'tiny', error: null }]);
    key = 'old';
    expect(textOf(await passWhole(new ModelPool(systemClock), passed([server])))).toBe('Ahoy, grüße 🦜!');
  });

  it('says why a server could not be asked, and not that it has no model', async () => {
    await using locked = await FakeModelServer.start({ key: 'other' });
    await using open = await FakeModelServer.start({ models: ['big'] });
    const refused = { ...serverOf('locked', locked), door: async () => locked.door({ key: () => 'mine' }) };
    const pool = new ModelPool(systemClock);
    for (const model of ['tiny', undefined]) {
      const asked = passWhole(pool, passed([refused], { body: { ...body, model } }));
      await expect(asked).rejects.toMatchObject({ code: 'engine.key-rejected' });
    }
    const among = passWhole(pool, passed([refused, serverOf('open', open)]));
    await expect(among).rejects.toMatchObject({
      code: 'engine.key-rejected',
      message: expect.stringContaining("No other server has a model 'tiny'. There are big.") as string,
    });
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

  it('says of a model that was removed that it is not there, or asks another server (B08)', async () => {
    await using fake = await FakeModelServer.start();
    const removed: ModelServer & { isGone: boolean } = {
      ...serverOf('removed', fake),
      promises: ['tiny'],
      isGone: false,
      door: async () => {
        removed.isGone = true;
        return await Promise.reject(new DeckhandError('command.cancelled', 'The tunnel is closed.'));
      },
    };
    const alone = passWhole(new ModelPool(systemClock), passed([removed]));
    await expect(alone).rejects.toMatchObject({
      code: 'chat.unknown-model',
      message: "No server has a model 'tiny'. No model is served by any server that is known.",
    });
    removed.isGone = false;
    const servers = [removed, { ...serverOf('good', fake), promises: ['tiny'] }];
    expect(textOf(await passWhole(new ModelPool(systemClock), passed(servers)))).toBe('Ahoy, grüße 🦜!');
  });

  it('looks again when a server fails: one that was removed a moment ago has no model any more (B08)', async () => {
    await using fake = await FakeModelServer.start();
    const down = new DeckhandError('engine.down', 'Nothing answers.');
    const removed: ModelServer = {
      ...serverOf('removed', fake),
      promises: ['tiny'],
      door: async () => await Promise.reject(down),
    };
    let now: readonly ModelServer[] = [removed];
    const asked = async () =>
      await passWhole(new ModelPool(systemClock), {
        ...passed([removed]),
        again: async () => await Promise.resolve(now),
      });
    await expect(asked()).rejects.toBe(down);
    now = [];
    await expect(asked()).rejects.toMatchObject({ code: 'chat.unknown-model' });
    now = [{ ...serverOf('good', fake), promises: ['tiny'] }];
    expect(textOf(await asked())).toBe('Ahoy, grüße 🦜!');
  });

  it('says of an answer whose model is removed meanwhile that it broke off (T20)', async () => {
    await using fake = await FakeModelServer.start();
    const server = { ...serverOf('box', fake), isGone: false };
    fake.cuts = [320];
    const reading = (async () => {
      for await (const message of passStream(new ModelPool(systemClock), passed([server])))
        server.isGone ||= message.includes('Ahoy');
    })();
    await expect(reading).rejects.toMatchObject({
      code: 'chat.cut',
      message: expect.stringContaining('the model was removed') as string,
    });
  });

  it('holds back a thousand items that commit to nothing, and no more', async () => {
    await using fake = await FakeModelServer.start();
    const stop = new AbortController();
    const items = new ModelPool(systemClock).route({
      servers: [{ ...serverOf('a', fake), promises: ['tiny'] }],
      model: 'tiny',
      client: 'me',
      signal: stop.signal,
      commits: () => false,
      async *open() {
        for (let count = 0; ; count += 1) {
          if (count > 5000) throw new Error('held back too much');
          yield await Promise.resolve(count);
        }
      },
    });
    const seen: number[] = [];
    for await (const item of items) if (seen.push(item) > 1000) break;
    expect(seen).toEqual(Array.from({ length: 1001 }, (_, count) => count));
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

  it('shows how fast a server was by its own count, and wakes none for it', async () => {
    await using fake = await FakeModelServer.start({ models: ['tiny'] });
    const speed = async (): Promise<unknown> =>
      (await new ModelPool(systemClock).listWithSpeed([serverOf('a', fake)], signal))[0]?.tokensPerSecond;
    expect(await speed()).toBeNull();
    const counts = (tokens: string, seconds: string): string =>
      `# HELP llamacpp:x y\nllamacpp:tokens_predicted_total ${tokens}\nllamacpp:tokens_predicted_seconds_total ${seconds}\n`;
    fake.metrics = counts('0', '0');
    expect(await speed()).toBeNull();
    fake.metrics = counts('1.5e+03', '12.5');
    expect(await speed()).toBe(120);
    fake.metrics = counts('many', '12.5');
    expect(await speed()).toBeNull();
    fake.metrics = counts('1500', '12.5');
    fake.sleeps = true;
    const before = fake.requests.length;
    expect(await speed()).toBeNull();
    expect(fake.requests.slice(before).map(({ path }) => path)).toEqual(['/v1/models', '/props']);
    // programs that list the models are not told: nobody is asked
    const asked = fake.requests.length;
    await new ModelPool(systemClock).list([serverOf('a', fake)], signal);
    expect(fake.requests.slice(asked).map(({ path }) => path)).toEqual(['/v1/models']);
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
