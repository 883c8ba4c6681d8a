import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../core/clock.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { FollowItem, Submission } from '../task-api.ts';
import { connectClient } from './connect.ts';
import { sampleSubmitted } from './fake-task-api.ts';
import { ended, event, scripted } from './scripted-follow.ts';
import { ServedFake } from './serve-fake.ts';

const forever = new AbortController().signal;
const submission: Submission = { kind: 'k', params: {}, surroundings: { folder: '/w', overrides: {} } };

const question: FollowItem = {
  item: 'question',
  question: { id: 'q1', task: 'task-1', host: 'web1', ask: 'sudo-password' },
};
const submitted: FollowItem = { item: 'submitted', submitted: sampleSubmitted };

/** Sleeps take no time, but time passes. */
function hastyClock(): Clock & { readonly slept: number[] } {
  let time = 0;
  const slept: number[] = [];
  return {
    slept,
    now: () => time,
    monotonic: () => time,
    async sleep(milliseconds) {
      slept.push(milliseconds);
      time += milliseconds;
      await turn();
    },
  };
}

/** Reads items; after each of `cutAfter` cuts every connection. */
async function collect(
  items: AsyncIterable<FollowItem>,
  served: ServedFake,
  ...cutAfter: readonly number[]
): Promise<readonly FollowItem[]> {
  const collected: FollowItem[] = [];
  for await (const item of items) {
    collected.push(item);
    if (cutAfter.includes(collected.length)) served.cut();
  }
  return collected;
}

describe('following over connections that break', () => {
  it('goes on after the last cursor; nothing twice, nothing missed', async () => {
    const script = scripted([event(1), event(2), 'hang'], [event(3), 'hang'], [event(4), ended]);
    await using served = await ServedFake.start(script.behaviour);
    await using client = connectClient({ socketPath: served.socketPath, clock: hastyClock() });
    const items = await collect(client.follow('group-1', { signal: forever, after: 'c0' }), served, 2, 3);
    expect(items).toEqual([event(1), event(2), event(3), event(4), ended]);
    expect(script.asked).toEqual([
      { id: 'group-1', after: 'c0' },
      { id: 'group-1', after: 'c2' },
      { id: 'group-1', after: 'c3' },
    ]);
  });

  it('after a submission it goes on with the group; ends and questions are told once', async () => {
    const script = scripted(
      [submitted, event(1), question, ended, 'hang'],
      [question, ended, { item: 'question-closed', id: 'q1' }, event(2)],
    );
    await using served = await ServedFake.start(script.behaviour);
    await using client = connectClient({ socketPath: served.socketPath, clock: hastyClock() });
    const items = await collect(client.submitAndFollow(submission, { signal: forever }), served, 4);
    expect(items).toEqual([
      submitted,
      event(1),
      question,
      ended,
      { item: 'question-closed', id: 'q1' },
      event(2),
    ]);
    expect(script.asked).toEqual([
      { id: null, after: undefined },
      { id: 'group-1', after: 'c1' },
    ]);
  });

  it('a submission that broke before it was acknowledged is not sent again without a key', async () => {
    const script = scripted(['hang'], [submitted, ended]);
    await using served = await ServedFake.start(script.behaviour);
    await using client = connectClient({ socketPath: served.socketPath, clock: hastyClock() });
    const items = client.submitAndFollow(submission, { signal: forever });
    const outcome = expect(collect(items, served)).rejects.toMatchObject({ code: 'daemon.unreachable' });
    await expect.poll(() => script.asked.length, { interval: 1 }).toBe(1);
    served.cut();
    await outcome;
    expect(script.asked).toHaveLength(1);
  });

  it('and with a key it is', async () => {
    const script = scripted(['hang'], [submitted, ended]);
    // the grace time is over and the head was sent before the connection breaks
    await using served = await ServedFake.start(script.behaviour, { heartbeat: 5 });
    await using client = connectClient({ socketPath: served.socketPath, clock: hastyClock() });
    const items = client.submitAndFollow({ ...submission, idempotencyKey: 'k' }, { signal: forever });
    const collected = collect(items, served);
    await expect
      .poll(() => [...served.sockets].some(socket => socket.bytesWritten > 0), { interval: 1 })
      .toBe(true);
    served.cut();
    expect(await collected).toEqual([submitted, ended]);
    expect(script.asked).toHaveLength(2);
  });

  it('finds a daemon that was started anew', async () => {
    const script = scripted([event(1), 'hang'], [event(2), ended]);
    await using served = await ServedFake.start(script.behaviour);
    const pauses: number[] = [];
    const clock = hastyClock();
    const patient: Clock = {
      ...clock,
      async sleep(milliseconds) {
        pauses.push(milliseconds);
        await clock.sleep(milliseconds);
        // the third attempt finds it
        if (pauses.length === 3) await served.listen();
      },
    };
    await using client = connectClient({ socketPath: served.socketPath, clock: patient, random: () => 0.5 });
    const items: FollowItem[] = [];
    for await (const item of client.follow('task-1', { signal: forever })) {
      items.push(item);
      if (items.length === 1) await served.stop();
    }
    expect(items).toEqual([event(1), event(2), ended]);
    expect(pauses).toEqual([100, 200, 400]);
  });

  it('comes back after a daemon that stops in order: the end without `done` is no end', async () => {
    const script = scripted([event(1), 'hang'], [event(2), ended]);
    const stopping = new AbortController();
    await using served = await ServedFake.start(script.behaviour, { stopping: stopping.signal });
    const clock = hastyClock();
    const restarting: Clock = {
      ...clock,
      async sleep() {
        await served.stop();
        await served.listen({ stopping: new AbortController().signal });
      },
    };
    await using client = connectClient({ socketPath: served.socketPath, clock: restarting });
    const items: FollowItem[] = [];
    for await (const item of client.follow('task-1', { signal: forever })) {
      items.push(item);
      if (items.length === 1) stopping.abort();
    }
    expect(items).toEqual([event(1), event(2), ended]);
  });

  it('gives up after 30 s without a daemon', async () => {
    const script = scripted([event(1), 'hang']);
    await using served = await ServedFake.start(script.behaviour);
    const clock = hastyClock();
    await using client = connectClient({ socketPath: served.socketPath, clock });
    const items: FollowItem[] = [];
    const following = async (): Promise<void> => {
      for await (const item of client.follow('task-1', { signal: forever })) {
        items.push(item);
        await served.stop();
      }
    };
    await expect(following()).rejects.toMatchObject({ code: 'daemon.unreachable' });
    expect(items).toEqual([event(1)]);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(30_000);
    expect(clock.monotonic()).toBeLessThan(33_000);
    expect(Math.max(...clock.slept)).toBeLessThanOrEqual(2_500);
  });

  it('a fault in the middle is thrown as it is', async () => {
    await using served = await ServedFake.start({
      async *follow() {
        yield event(1);
        throw new DeckhandError('store.corrupt', 'Page 7 is damaged.', { details: { page: 7 } });
      },
    });
    await using client = connectClient({ socketPath: served.socketPath, clock: hastyClock() });
    await expect(collect(client.follow('t', { signal: forever }), served)).rejects.toMatchObject({
      code: 'store.corrupt',
      message: 'Page 7 is damaged.',
      details: { page: 7 },
    });
  });

  it('a daemon that hangs is left after three heartbeats of silence', async () => {
    const script = scripted([event(1), 'hang'], [ended]);
    // its heartbeat never comes
    await using served = await ServedFake.start(script.behaviour, { heartbeat: 2 ** 30 });
    await using client = connectClient({ socketPath: served.socketPath, clock: hastyClock() });
    const items = client.follow('t', { signal: forever })[Symbol.asyncIterator]();
    expect((await items.next()).value).toEqual(event(1));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const arrived: FollowItem[] = [];
      const next = items.next().then(result => arrived.push(result.value as FollowItem));
      await vi.advanceTimersByTimeAsync(44_000);
      expect(script.asked).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(1_000);
      while (arrived.length === 0) {
        await turn();
        await vi.advanceTimersByTimeAsync(1);
      }
      await next;
      expect(arrived).toEqual([ended]);
    } finally {
      vi.useRealTimers();
    }
    expect(script.asked).toHaveLength(2);
  });
});
