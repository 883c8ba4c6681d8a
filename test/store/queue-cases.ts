import { describe, expect, it } from 'vitest';
import type { OpenStore } from './conformance.ts';
import { claimOne, MANY, MINUTE, NOON, ONE, sampleTask, settle, submitOne, SUCCESS } from './sample-task.ts';

export function queueCases(open: OpenStore): void {
  describe('the queue', () => {
    it('gives the highest priority first, then the oldest', async () => {
      await using store = await open();
      const low = await submitOne(store, { priority: -1 });
      const first = await submitOne(store, {}, NOON + 1);
      const second = await submitOne(store, {}, NOON + 1);
      const high = await submitOne(store, { priority: 5 }, NOON + 2);
      const claimed = await store.claim('e', MANY, NOON + 3);
      expect(claimed.map(task => task.id)).toEqual([high.id, first.id, second.id, low.id]);
    });

    it('lets nothing starve: a minute of waiting weighs as much as a point', async () => {
      await using store = await open();
      const patient = await submitOne(store, { priority: -10 });
      const hasty = await submitOne(store, { priority: 10 }, NOON + 20 * MINUTE + 1);
      const urgent = await submitOne(store, { priority: 10 }, NOON + 20 * MINUTE - 1);
      const claimed = await store.claim('e', MANY, NOON + 30 * MINUTE);
      expect(claimed.map(task => task.id)).toEqual([urgent.id, patient.id, hasty.id]);
    });

    it('gives a delayed task when it is due, not before', async () => {
      await using store = await open();
      expect(await store.nextDue()).toBeNull();
      const later = await submitOne(store, { runAfter: NOON + 2 * MINUTE });
      const sooner = await submitOne(store, { runAfter: NOON + MINUTE });
      expect(later.state).toBe('delayed');
      expect(await store.nextDue()).toBe(NOON + MINUTE);
      expect(await store.claim('e', MANY, NOON + MINUTE - 1)).toEqual([]);
      expect((await store.claim('e', MANY, NOON + MINUTE)).map(task => task.id)).toEqual([sooner.id]);
      expect(await store.nextDue()).toBe(NOON + 2 * MINUTE);
    });

    it('keeps the limit of each host, and passes over hosts that are busy', async () => {
      await using store = await open();
      const busy = Array.from({ length: 700 }, () => sampleTask({ host: 'busy' }));
      await store.submit(busy, NOON);
      await store.submit(
        [sampleTask({ host: 'idle' }), sampleTask({ host: null }), sampleTask({ host: 'shut' })],
        NOON + 1,
      );
      const limits = { free: 10, hostDefault: 2, hostLimits: { busy: 3, shut: 0 } };
      const claimed = await store.claim('e', limits, NOON + 2);
      expect(claimed.map(task => task.host)).toEqual(['busy', 'busy', 'busy', 'idle', null]);
      expect(await store.runningByHost()).toEqual(
        new Map([
          ['busy', 3],
          ['idle', 1],
        ]),
      );
      expect(await store.claim('e', limits, NOON + 2)).toEqual([]);
      await settle(store, claimed[0] ?? (await claimOne(store)), SUCCESS);
      expect((await store.claim('e', limits, NOON + 2)).map(task => task.host)).toEqual(['busy']);
    });

    it('keeps the limit of a host in a short queue too', async () => {
      await using store = await open();
      await store.submit(
        Array.from({ length: 5 }, () => sampleTask()),
        NOON,
      );
      const limits = { free: 4, hostDefault: 2, hostLimits: {} };
      expect(await store.claim('e', limits, NOON)).toHaveLength(2);
      expect(await store.claim('e', limits, NOON)).toHaveLength(0);
    });

    it('gives no more than asked for, each task to one claim', async () => {
      await using store = await open();
      await store.submit(
        Array.from({ length: 10 }, () => sampleTask()),
        NOON,
      );
      const limits = { ...ONE, free: 3 };
      const claims = await Promise.all(['a', 'b', 'c', 'd'].map(each => store.claim(each, limits, NOON)));
      expect(claims.map(each => each.length)).toEqual([3, 3, 3, 1]);
      expect(new Set(claims.flat().map(task => task.id)).size).toBe(10);
      expect(await store.claim('e', { ...ONE, free: 0 }, NOON)).toEqual([]);
    });

    it('keeps the order of 1 000 tasks over 20 hosts', () => keepsOrder(open, 1_000));
  });
}

/** Tasks of equal priority over 20 hosts start in the order in which they came. */
async function keepsOrder(open: OpenStore, count: number): Promise<void> {
  await using store = await open();
  const tasks = Array.from({ length: count }, (_, index) => sampleTask({ host: `host-${index % 20}` }));
  await store.submit(tasks, NOON);
  const limits = { free: 200, hostDefault: 10, hostLimits: {} };
  const seen: string[] = [];
  while (seen.length < count) {
    const claimed = await store.claim('e', limits, NOON);
    expect(claimed).toHaveLength(200);
    seen.push(...claimed.map(task => task.id));
    const ends = claimed.map(
      ({ id, claim }) => ({ task: id, claim, write: 'settle', settlement: SUCCESS }) as const,
    );
    await store.record(ends, NOON);
  }
  expect(seen).toEqual(tasks.map(task => task.id));
  expect(await store.counts()).toEqual({ succeeded: count });
}
