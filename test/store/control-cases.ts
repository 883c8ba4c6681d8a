import { describe, expect, it } from 'vitest';
import type { TaskRecord } from '../../src/core/task.ts';
import type { Settlement, Store } from '../../src/store/store.ts';
import type { OpenStore } from './conformance.ts';
import {
  claimOne,
  failure,
  fenceOf,
  MINUTE,
  NOON,
  PLAN,
  sampleTask,
  settle,
  submitOne,
  SUCCESS,
} from './sample-task.ts';

const CANCEL = { action: 'cancel', force: false } as const;

async function beginOnHost(store: Store, task: TaskRecord): Promise<void> {
  await store.record([{ ...fenceOf(task), write: 'begun', host: 'web', runId: 'run-1' }], NOON);
}

export function controlCases(open: OpenStore): void {
  describe('cancel', () => {
    it('ends at once what runs nowhere, and skips what waits for it', async () => {
      await using store = await open();
      const tasks = [
        sampleTask({ input: Uint8Array.of(1) }),
        sampleTask({ dependsOn: ['0'] }),
        sampleTask({ runAfter: NOON + MINUTE }),
      ];
      await store.submit(tasks, NOON);
      const [first, second, third] = tasks.map(task => task.id);
      expect(await store.control(third ?? '', CANCEL, NOON)).toMatchObject({ state: 'cancelled' });
      const cancelled = await store.control(first ?? '', CANCEL, NOON + 1);
      expect(cancelled).toMatchObject({
        state: 'cancelled',
        finishedAt: NOON + 1,
        error: { code: 'command.cancelled' },
      });
      expect(await store.task(second ?? '')).toMatchObject({ state: 'skipped' });
      // it may be retried, and needs it then
      expect(await store.input(first ?? '')).not.toBeNull();
      await expect(store.control(first ?? '', CANCEL, NOON)).rejects.toMatchObject({
        code: 'task.illegal-state',
      });
      await expect(store.control('task-none', CANCEL, NOON)).rejects.toMatchObject({ code: 'task.unknown' });
    });

    it('marks what runs, once, and remembers force', async () => {
      await using store = await open();
      const { id } = await submitOne(store);
      const task = await claimOne(store);
      expect(await store.control(id, CANCEL, NOON)).toMatchObject({
        state: 'running',
        cancelAsked: 'cancel',
      });
      await store.control(id, CANCEL, NOON);
      await store.control(id, { action: 'cancel', force: true }, NOON);
      expect(await store.control(id, CANCEL, NOON)).toMatchObject({ cancelAsked: 'force' });
      const asked = (await store.events(id, 0, 100)).filter(event => event.kind === 'cancel-asked');
      expect(asked).toMatchObject([{ force: false }, { force: true }]);
      await settle(store, task, { to: 'cancelled', error: failure() });
      expect(await store.task(id)).toMatchObject({ state: 'cancelled' });
    });

    const later: readonly Settlement[] = [
      { to: 'queued', reason: 'gone', crashed: true },
      { to: 'delayed', at: NOON + MINUTE, reason: 'no answer' },
      { to: 'paused' },
      { to: 'repeat', at: NOON + MINUTE, error: failure() },
      {
        to: 'waiting-approval',
        approval: { id: 'a', hash: 'h', title: 't', expiresAt: NOON + MINUTE, ...PLAN },
      },
    ];
    it.each(later)('that came while it ran is heard when the claim ends as $to', async settlement => {
      await using store = await open();
      const { id } = await submitOne(store);
      const task = await claimOne(store);
      await store.control(id, CANCEL, NOON);
      await settle(store, task, settlement);
      expect(await store.task(id)).toMatchObject({ state: 'cancelled' });
    });
    it.each(later)('of what has begun on a host goes back to the host after $to', async settlement => {
      await using store = await open();
      const { id } = await submitOne(store);
      const task = await claimOne(store);
      await beginOnHost(store, task);
      await store.control(id, CANCEL, NOON);
      await settle(store, task, settlement);
      // a repeat ended what had begun: nothing is left to look for
      const state = settlement.to === 'repeat' ? 'cancelled' : 'queued';
      expect(await store.task(id)).toMatchObject({ state, cancelAsked: 'cancel' });
      expect(await store.approvals({ state: 'open' })).toEqual([]);
    });
    it.each(later.filter(each => each.to !== 'repeat'))(
      'of a task that stands $to and has begun queues it at once',
      async settlement => {
        await using store = await open();
        const { id } = await submitOne(store);
        const task = await claimOne(store);
        await beginOnHost(store, task);
        await settle(store, task, settlement);
        expect(await store.control(id, CANCEL, NOON)).toMatchObject({
          state: 'queued',
          cancelAsked: 'cancel',
        });
        expect(await store.approvals({ state: 'open' })).toEqual([]);
        expect(await claimOne(store)).toMatchObject({ id, cancelAsked: 'cancel', begun: true });
      },
    );
  });

  describe('pause and resume', () => {
    it('holds a waiting task; one that is not due yet still waits for its time afterwards', async () => {
      await using store = await open();
      const { id } = await submitOne(store);
      const late = await submitOne(store, { runAfter: NOON + MINUTE });
      for (const each of [id, late.id]) {
        expect(await store.control(each, { action: 'pause' }, NOON)).toMatchObject({ state: 'paused' });
      }
      expect(await store.claim('e', { free: 9, hostDefault: 9, hostLimits: {} }, NOON + 2 * MINUTE)).toEqual(
        [],
      );
      expect(await store.control(id, { action: 'resume' }, NOON)).toMatchObject({ state: 'queued' });
      expect(await store.control(late.id, { action: 'resume' }, NOON)).toMatchObject({ state: 'delayed' });
      await expect(store.control(id, { action: 'resume' }, NOON)).rejects.toMatchObject({
        code: 'task.illegal-state',
      });
    });

    it('marks a running one', async () => {
      await using store = await open();
      const { id } = await submitOne(store);
      await claimOne(store);
      expect(await store.control(id, { action: 'pause' }, NOON)).toMatchObject({
        state: 'running',
        pauseAsked: true,
      });
      expect(await store.control(id, { action: 'resume' }, NOON)).toMatchObject({ pauseAsked: false });
      await store.control(id, { action: 'pause' }, NOON);
      await store.recover(NOON);
      expect(await store.task(id)).toMatchObject({ state: 'paused', pauseAsked: false });
    });
  });

  describe('priority', () => {
    it('changes the place in the queue', async () => {
      await using store = await open();
      await submitOne(store);
      const last = await submitOne(store);
      expect(await store.control(last.id, { action: 'priority', priority: 3 }, NOON)).toMatchObject({
        priority: 3,
      });
      expect((await claimOne(store)).id).toBe(last.id);
      await settle(store, await store.task(last.id), SUCCESS);
      const refused = store.control(last.id, { action: 'priority', priority: 1 }, NOON);
      await expect(refused).rejects.toMatchObject({ code: 'task.illegal-state' });
    });
  });
}
