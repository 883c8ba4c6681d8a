import { describe, expect, it } from 'vitest';
import type { OpenStore } from './conformance.ts';
import {
  claimOne,
  failure,
  MANY,
  MINUTE,
  NOON,
  sampleTask,
  settle,
  submitOne,
  SUCCESS,
} from './sample-task.ts';

export function submissionCases(open: OpenStore): void {
  describe('submission', () => {
    it('keeps every field of a task', async () => {
      await using store = await open();
      const task = sampleTask({
        input: Uint8Array.of(0, 255, 10),
        tags: ['nightly', 'db', 'db'],
        priority: 7,
        retryOf: 'task-before',
        surroundings: { folder: '/a', settingsFile: '/a/b', overrides: { user: 'ann' }, agentSocket: '/s' },
      });
      const { input, runAfter, ...kept } = task;
      const [answer] = await store.submit([task], NOON);
      expect(answer?.existed).toBe(false);
      const record = await store.task(task.id);
      expect(record).toEqual(answer?.task);
      expect(record).toMatchObject(kept);
      expect(record).toMatchObject({
        state: 'queued',
        attempt: 1,
        claim: 0,
        createdAt: NOON,
        runAfter: NOON,
      });
      expect(runAfter).toBeNull();
      expect(await store.input(task.id)).toEqual(input);
    });

    it('keeps all tasks of a submission or none', async () => {
      await using store = await open();
      const twice = sampleTask();
      await expect(store.submit([sampleTask(), twice, twice], NOON)).rejects.toThrow();
      await expect(
        store.submit([sampleTask(), sampleTask({ dependsOn: ['task-none'] })], NOON),
      ).rejects.toMatchObject({
        code: 'task.unknown',
      });
      expect(await store.counts()).toEqual({});
      expect((await store.tasks({}, { limit: 10 })).tasks).toEqual([]);
      expect(await store.check()).toEqual([]);
    });

    it('lets tasks wait for others, by place and by id', async () => {
      await using store = await open();
      const older = await submitOne(store);
      const tasks = [sampleTask({ dependsOn: ['1', older.id] }), sampleTask({ host: 'db' })];
      const [waiting, free] = await store.submit(tasks, NOON);
      expect(waiting?.task).toMatchObject({ state: 'blocked', dependsOn: [free?.task.id, older.id] });
      expect(await store.dependenciesOf(waiting?.task.id ?? '')).toEqual([free?.task.id, older.id]);
      for (const task of await store.claim('e', MANY, NOON)) await settle(store, task, SUCCESS);
      expect(await store.task(waiting?.task.id ?? '')).toMatchObject({ state: 'queued' });
    });

    it('a task whose dependencies are done already is queued, or delayed until its time', async () => {
      await using store = await open();
      const done = await submitOne(store);
      await settle(store, await claimOne(store), SUCCESS);
      expect(await submitOne(store, { dependsOn: [done.id] })).toMatchObject({ state: 'queued' });
      const parent = await submitOne(store, { host: 'parent' });
      const late = await submitOne(store, { dependsOn: [parent.id], runAfter: NOON + MINUTE });
      expect(late.state).toBe('blocked');
      for (const task of await store.claim('e', MANY, NOON)) await settle(store, task, SUCCESS);
      expect(await store.task(late.id)).toMatchObject({ state: 'delayed' });
    });

    it('refuses a circle, naming it', async () => {
      await using store = await open();
      const [a, b, c] = [
        sampleTask({ dependsOn: ['1'] }),
        sampleTask({ dependsOn: ['2'] }),
        sampleTask({ dependsOn: ['0'] }),
      ];
      const refused = store.submit([a, b, c, sampleTask()], NOON);
      await expect(refused).rejects.toMatchObject({
        code: 'task.cyclic',
        details: { tasks: [a.id, b.id, c.id, a.id] },
      });
      await expect(store.submit([sampleTask({ dependsOn: ['0'] })], NOON)).rejects.toMatchObject({
        code: 'task.cyclic',
      });
      expect(await store.counts()).toEqual({});
    });

    it.each(['failed', 'lost', 'cancelled'] as const)(
      'skips what waits for a %s task, and what waits for that',
      async state => {
        await using store = await open();
        const chain = [
          sampleTask(),
          sampleTask({ dependsOn: ['0'] }),
          sampleTask({ dependsOn: ['1'] }),
          sampleTask({ dependsOn: ['0'], onDependencyFailed: 'run' }),
        ];
        await store.submit(chain, NOON);
        await settle(store, await claimOne(store), { to: state, error: failure() });
        const states = await Promise.all(chain.map(async task => (await store.task(task.id)).state));
        expect(states).toEqual([state, 'skipped', 'skipped', 'queued']);
        expect((await store.task(chain[1]?.id ?? '')).error).toMatchObject({
          code: 'task.dependency-failed',
          details: { task: chain[0]?.id, state },
        });
        // one that comes later finds the same
        expect(await submitOne(store, { dependsOn: [chain[2]?.id ?? ''] })).toMatchObject({
          state: 'skipped',
        });
      },
    );

    it('keeps a key once, task by task of the submission', async () => {
      await using store = await open();
      const submission = (): Parameters<typeof store.submit>[0] => [
        sampleTask({ idempotencyKey: 'deploy-7' }),
        sampleTask({ idempotencyKey: 'deploy-7', dependsOn: ['0'] }),
      ];
      const first = await store.submit(submission(), NOON);
      const again = await store.submit(submission(), NOON + 1);
      expect(first.map(each => each.existed)).toEqual([false, false]);
      expect(again.map(each => each.existed)).toEqual([true, true]);
      expect(again.map(each => each.task)).toEqual(first.map(each => each.task));
      const mixed = await store.submit(
        [submission()[0] ?? sampleTask(), sampleTask({ dependsOn: ['0'] })],
        NOON,
      );
      expect(mixed.map(each => each.existed)).toEqual([true, false]);
      expect(mixed[1]?.task.dependsOn).toEqual([first[0]?.task.id]);
    });
  });
}
