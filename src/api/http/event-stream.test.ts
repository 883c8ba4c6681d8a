import { request, type IncomingMessage } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { FollowItem, FollowOptions, TaskApi } from '../task-api.ts';
import { connectClient } from './connect.ts';
import { eventStream } from './event-stream.ts';
import { sampleEvent } from './fake-task-api.ts';
import { ended, event, scripted, silence, untilAborted } from './scripted-follow.ts';
import { ServedFake } from './serve-fake.ts';

const forever = new AbortController().signal;

describe('a follower that leaves', () => {
  /** Follows, and tells when the engine's signal was aborted and its iterator closed. */
  const watched = (): { readonly behaviour: Pick<TaskApi, 'follow'>; readonly left: Promise<boolean> } => {
    const { promise: left, resolve } = Promise.withResolvers<boolean>();
    const follow = async function* (_id: string, options: FollowOptions): AsyncGenerator<FollowItem> {
      try {
        yield event(1);
        await untilAborted(options.signal);
      } finally {
        resolve(options.signal.aborted);
      }
    };
    return { behaviour: { follow }, left };
  };

  it('by break', async () => {
    const { behaviour, left } = watched();
    await using served = await ServedFake.start(behaviour);
    await using client = connectClient({ socketPath: served.socketPath });
    for await (const item of client.follow('t', { signal: forever })) {
      expect(item).toEqual(event(1));
      break;
    }
    expect(await left).toBe(true);
  });

  it('by its signal: the iteration ends quietly', async () => {
    const { behaviour, left } = watched();
    await using served = await ServedFake.start(behaviour);
    await using client = connectClient({ socketPath: served.socketPath });
    const stop = new AbortController();
    const items: FollowItem[] = [];
    for await (const item of client.follow('t', { signal: stop.signal })) {
      items.push(item);
      queueMicrotask(() => stop.abort());
    }
    expect(items).toEqual([event(1)]);
    expect(await left).toBe(true);
  });

  it('at the very end: what was received completely and is stopped unread harms nobody', async () => {
    const uncaught: unknown[] = [];
    const note = (error: unknown): void => void uncaught.push(error);
    process.on('uncaughtException', note);
    const script = scripted(...Array.from({ length: 20 }, () => [event(1), event(2), ended]));
    await using served = await ServedFake.start(script.behaviour);
    for (let turns = 0; turns < 20; turns += 1) {
      const client = connectClient({ socketPath: served.socketPath });
      const items = client.follow('t', { signal: forever })[Symbol.asyncIterator]();
      await items.next();
      for (let count = 0; count < turns; count += 1) await turn();
      await client[Symbol.asyncDispose]();
      await turn();
      expect(await items.next()).toMatchObject({ done: true });
    }
    process.off('uncaughtException', note);
    expect(uncaught).toEqual([]);
  });

  it('by dying', async () => {
    const { behaviour, left } = watched();
    await using served = await ServedFake.start(behaviour);
    const stream = await rawStream(served, '/v1/tasks/t/follow');
    await stream.iterator().next();
    stream.destroy();
    expect(await left).toBe(true);
  });

  it('before the first item', async () => {
    const left = Promise.withResolvers<void>();
    await using served = await ServedFake.start({
      follow: (_id, options) => silence(untilAborted(options.signal).then(left.resolve)),
    });
    const outgoing = request({ socketPath: served.socketPath, path: '/v1/tasks/t/follow' });
    outgoing.on('error', () => {});
    outgoing.end();
    await expect.poll(() => served.fake.calls.length, { interval: 1 }).toBe(1);
    outgoing.destroy();
    await left.promise;
  });

  it('an engine that does not heed its signal keeps nobody waiting', async () => {
    const stopping = new AbortController();
    await using served = await ServedFake.start(
      { follow: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }) },
      { stopping: stopping.signal },
    );
    const stream = await rawStream(served, '/v1/tasks/t/follow');
    stopping.abort();
    expect(await textOf(stream)).toBe(': alive\n\n');
  });
});

describe('the stream itself', () => {
  it('has id, event and data; the header of a reconnect wins over the address', async () => {
    await using served = await ServedFake.start();
    const stream = await rawStream(served, '/v1/tasks/t/follow?after=old', { 'last-event-id': 'c9' });
    expect(stream.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
    });
    const messages = (await textOf(stream)).split('\n\n');
    expect(messages[1]).toMatch(/^id: c2\nevent: output\ndata: \{.*"bytes":"Z3LDvMOfZQ0K".*\}$/);
    expect(messages.map(message => /^event: (\S+)/m.exec(message)?.[1])).toEqual([
      'event',
      'output',
      'question',
      'question-closed',
      'ended',
      'done',
      undefined,
    ]);
    expect(served.fake.calls[0]?.given[1]).toMatchObject({ after: 'c9' });
  });

  it('a cursor with a line break gets no id line', async () => {
    await using served = await ServedFake.start({
      async *follow() {
        yield { item: 'event', event: sampleEvent(1), cursor: 'a\nevent: done' };
      },
    });
    const text = await textOf(await rawStream(served, '/v1/tasks/t/follow'));
    expect(text).toMatch(/^event: event\ndata: .*\n\nevent: done\ndata: \{\}\n\n$/);
  });

  it('a silent one gets heartbeats', async () => {
    const script = scripted(['hang']);
    await using served = await ServedFake.start(script.behaviour, { heartbeat: 5 });
    const stream = await rawStream(served, '/v1/tasks/t/follow');
    let text = '';
    for await (const chunk of stream) {
      text += String(chunk);
      if (text.length >= 27) break;
    }
    expect(text.slice(0, 27)).toBe(': alive\n\n: alive\n\n: alive\n\n');
  });

  it('a fault before the first item is a status', async () => {
    await using served = await ServedFake.start({
      follow: () => silence(Promise.reject(new DeckhandError('task.unknown', 'No task t.'))),
    });
    const answer = await served.raw({ method: 'GET', path: '/v1/tasks/t/follow' });
    expect(answer).toMatchObject({ status: 404, body: { error: { code: 'task.unknown' } } });
  });

  it('a slow reader: the engine is asked no further than the socket holds', async () => {
    let given = 0;
    const total = 500;
    const bytes = new Uint8Array(48 * 1024);
    await using served = await ServedFake.start({
      async *follow() {
        for (; given < total; given += 1) {
          const pieces = [{ stream: 'stdout', at: given * bytes.length, bytes } as const];
          yield { item: 'output', task: 't', attempt: 1, pieces, cursor: `c${given}` };
        }
      },
    });
    const stream = await rawStream(served, '/v1/tasks/t/follow');
    stream.pause();
    // the engine stands still: nothing more is asked for in many turns of the event loop
    let before = -1;
    for (let still = 0; still < 200; still = given === before ? still + 1 : 0) {
      before = given;
      await turn();
    }
    // 64 KiB each: some hundred KiB of socket buffers on both sides, not 31 MiB
    expect(given).toBeLessThan(40);
    let messages = 0;
    for await (const chunk of stream) messages += String(chunk).split('event: output\n').length - 1;
    expect(given).toBe(total);
    // a name that a chunk's border cuts is not counted
    expect(messages).toBeGreaterThan(total * 0.9);
  });
});

describe('a follow as a stream of bytes', () => {
  it('what is there already travels in one piece, and a fault comes after it', async () => {
    const items = async function* (): AsyncGenerator<FollowItem> {
      yield* [event(1), event(2), event(3)];
      await turn();
      yield event(4);
      throw new DeckhandError('store.corrupt', 'broken');
    };
    const body = await eventStream(items, { heartbeat: 10_000, grace: 10_000 });
    const texts: string[] = [];
    for await (const piece of body) texts.push(new TextDecoder().decode(piece));
    const ids = texts.map(text => [...text.matchAll(/^id: (\w+)$/gm)].map(([, id]) => id));
    expect(ids.flat()).toEqual(['c1', 'c2', 'c3', 'c4']);
    expect(ids[0]).toEqual(['c1', 'c2', 'c3']);
    expect(texts.at(-1)).toMatch(/^event: error\ndata: .*store\.corrupt/);
  });

  it('output that several follow is the same for each', async () => {
    const pieces = [{ stream: 'stdout', at: 3, bytes: Uint8Array.of(0, 255, 10) }] as const;
    const items = async function* (): AsyncGenerator<FollowItem> {
      yield { item: 'output', task: 't', attempt: 1, pieces, cursor: 'c1' };
    };
    const read = async (): Promise<string> => {
      const stream = await eventStream(items, { heartbeat: 10_000, grace: 10_000 });
      return await new Response(stream).text();
    };
    const one = await read();
    expect(await read()).toBe(one);
    const data = /^data: (.*)$/m.exec(one)?.[1] ?? '';
    expect(JSON.parse(data)).toEqual({
      item: 'output',
      task: 't',
      attempt: 1,
      cursor: 'c1',
      pieces: [{ stream: 'stdout', at: 3, bytes: 'AP8K' }],
    });
  });
});

function rawStream(
  served: ServedFake,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: served.socketPath, path, headers }, resolve);
    outgoing.on('error', reject);
    outgoing.end();
  });
}

async function textOf(stream: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) text += chunk as string;
  return text;
}
