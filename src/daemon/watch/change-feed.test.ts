import { afterEach, beforeEach, expect, it } from 'vitest';
import { claimOne, fenceOf, NOON, settle, submitOne, SUCCESS } from '../../../test/store/sample-task.ts';
import type { Change } from '../../api/watch-contract.ts';
import type { Clock } from '../../core/clock.ts';
import { openMemoryStore } from '../../store/sqlite/open-store.ts';
import type { Store } from '../../store/store.ts';
import { changes, type FeedView } from './change-feed.ts';

let store: Store;
const stop = new AbortController();
/** Gathers for no time at all; silence never ends by itself. */
const clock: Clock = {
  now: () => NOON,
  monotonic: () => 0,
  sleep: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      if (milliseconds < 1000 || signal?.aborted) resolve();
      else signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    }),
};

beforeEach(async () => {
  store = await openMemoryStore();
});
afterEach(() => store[Symbol.asyncDispose]());

function watch(logs: readonly string[] = [], view: FeedView | null = null): AsyncIterator<Change> {
  const feed = changes({ store, clock, version: '1' }, { signal: stop.signal, logs }, view);
  return feed[Symbol.asyncIterator]();
}
async function next(feed: AsyncIterator<Change>): Promise<Change> {
  return (await feed.next()).value as Change;
}

it('says hello, then what each task has become, without what may be large', async () => {
  const feed = watch();
  expect(await next(feed)).toEqual({ item: 'hello', version: '1', counts: {} });
  const asked = next(feed);
  const { id } = await submitOne(store);
  const told = await asked;
  expect(told).toMatchObject({ item: 'tasks', tasks: [{ id, state: 'queued' }], counts: { queued: 1 } });
  expect(JSON.stringify(told)).not.toContain('params');
  await settle(store, await claimOne(store), SUCCESS);
  expect(await next(feed)).toMatchObject({ item: 'tasks', tasks: [{ id, state: 'succeeded' }] });
  await feed.return?.();
});

it('a thousand events of one task are one message with its last state', async () => {
  const feed = watch();
  await next(feed);
  await submitOne(store);
  const task = await claimOne(store);
  for (let done = 1; done <= 1000; done += 1) {
    const progress = { done, total: 1000, unit: 'steps', text: 'x' } as const;
    await store.record([{ ...fenceOf(task), write: 'progress', progress }], NOON);
  }
  const told = await next(feed);
  expect(told).toMatchObject({ item: 'tasks', tasks: [{ progress: { done: 1000 } }] });
  await feed.return?.();
});

it('logs that were asked for are counted at once and when they grow; a removed task is none', async () => {
  await submitOne(store);
  const task = await claimOne(store);
  const feed = watch([task.id, 'task-gone']);
  await next(feed);
  expect(await next(feed)).toEqual({ item: 'lines', task: task.id, attempt: 1, total: 0 });
  const asked = next(feed);
  const pieces = [{ stream: 'stdout', at: 0, bytes: new TextEncoder().encode('a\nb\nc') } as const];
  await store.record([{ ...fenceOf(task), write: 'output', pieces }], NOON);
  expect(await asked).toEqual({ item: 'lines', task: task.id, attempt: 1, total: 3 });
  await feed.return?.();
});

it('more tasks than are worth telling are many', async () => {
  const feed = watch();
  await next(feed);
  for (let count = 0; count < 201; count += 1) await submitOne(store);
  expect(await next(feed)).toEqual({ item: 'many', counts: { queued: 201 } });
  await feed.return?.();
});

it('under a view only its tasks are told, and counted until they end', async () => {
  const foreign = await submitOne(store);
  const mine = await submitOne(store);
  const feed = watch([], { sees: task => task.id !== foreign.id });
  expect(await next(feed)).toMatchObject({ item: 'hello', counts: { queued: 1 } });
  const asked = next(feed);
  // what it may not see is no news for it
  await settle(store, await claimOne(store), SUCCESS);
  await settle(store, await claimOne(store), SUCCESS);
  expect(await asked).toMatchObject({ item: 'tasks', tasks: [{ id: mine.id }], counts: {} });
  await feed.return?.();
});
