import { describe, expect, it, vi } from 'vitest';
import type { AttachedModel } from '../../src/core/attached-model.ts';
import type { Deployment } from '../../src/core/model-params.ts';
import type { AuditEntry, Schedule, Store } from '../../src/store/store.ts';
import type { OpenStore } from './conformance.ts';
import {
  claimOne,
  FAILURE,
  fenceOf,
  MANY,
  MINUTE,
  NOON,
  sampleTask,
  settle,
  submitOne,
  SUCCESS,
} from './sample-task.ts';

const entry: AuditEntry = {
  time: NOON,
  who: 'ann',
  action: 'task.cancel',
  subject: 'task-1',
  outcome: 'allowed',
  requestId: 'request-1',
  details: { force: true },
};

const deployment: Deployment = {
  host: 'web-1',
  name: 'tiny',
  engine: 'llama.cpp',
  version: '1',
  release: 'ab',
  previous: null,
  model: { sha256: 'ab', size: 1, name: 'tiny', file: 'tiny.gguf' },
  context: 2048,
  service: 'user',
  folder: '/s/llm/tiny',
  listen: { path: '/s/llm/tiny/run/live.sock' },
  keyFile: '/s/llm/tiny/apikey',
  params: { name: 'tiny', model: '/m/tiny.gguf', listen: 'auto', service: 'auto' },
  deployedAt: NOON,
};

const attached: AttachedModel = {
  kind: 'attached',
  host: 'web-1',
  name: 'ollama',
  engine: 'ollama',
  version: '1',
  listen: { host: '127.0.0.1', port: 11_434 },
  tls: false,
  base: '',
  keyFile: null,
  readiness: 'ready',
  models: ['m'],
  attachedAt: NOON,
};

/** Ended tasks, a minute apart. */
async function endTasks(store: Store, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const now = NOON + index * MINUTE;
    ids.push((await submitOne(store, { tags: ['old'] }, now)).id);
    const task = await claimOne(store, now);
    const bytes = Uint8Array.of(1);
    await store.record(
      [{ ...fenceOf(task), write: 'output', pieces: [{ stream: 'stdout', at: 0, bytes }] }],
      now,
    );
    await settle(store, task, index % 2 === 0 ? SUCCESS : FAILURE, now + 1_000);
  }
  return ids;
}

export function keepingCases(open: OpenStore): void {
  describe('lists', () => {
    it('come newest first, page by page, none twice and none left out', async () => {
      await using store = await open();
      const tasks = Array.from({ length: 25 }, () => sampleTask());
      await store.submit(tasks, NOON);
      const seen: string[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const page = await store.tasks({}, { limit: 10, ...(cursor && { cursor }) });
        seen.push(...page.tasks.map(task => task.id));
        cursor = page.next;
        await submitOne(store);
      }
      expect(seen).toEqual(tasks.map(task => task.id).toReversed());
      await expect(store.tasks({}, { limit: 10, cursor: 'x' })).rejects.toMatchObject({
        code: 'input.invalid',
      });
    });

    it('are filtered', async () => {
      await using store = await open();
      const made = await submitOne(store, {
        kind: 'copy',
        host: 'db',
        category: 'file',
        tags: ['a', 'b'],
        group: 'g2',
      });
      await submitOne(store, {}, NOON + 1);
      await claimOne(store);
      const cases = [
        { states: ['running', 'failed'] },
        { kind: 'copy' },
        { host: 'db' },
        { category: 'file' },
        { tag: 'b' },
        { group: 'g2' },
        { createdBefore: NOON + 1 },
      ] as const;
      for (const filter of cases) {
        const page = await store.tasks(filter, { limit: 10 });
        expect(page.tasks.map(task => task.id)).toEqual([made.id]);
      }
      expect((await store.tasks({ states: ['queued', 'running'] }, { limit: 1 })).next).not.toBeNull();
      expect((await store.tasks({ finishedBefore: NOON + MINUTE }, { limit: 1 })).tasks).toEqual([]);
      await expect(store.task('task-none')).rejects.toMatchObject({ code: 'task.unknown' });
      await expect(store.events('task-none', 0, 1)).rejects.toMatchObject({ code: 'task.unknown' });
    });
  });

  describe('statistics', () => {
    it('tell what is there, exactly', async () => {
      await using store = await open();
      expect(await store.statistics(NOON)).toMatchObject({ successRate: null, duration: null, retries: 0 });
      for (const [index, task] of Array.from({ length: 100 }, (_, index) => [index, sampleTask()] as const)) {
        await store.submit([task], NOON);
        await settle(store, await claimOne(store), index < 90 ? SUCCESS : FAILURE, NOON + (index + 1) * 100);
      }
      await submitOne(store, {}, NOON);
      expect(await store.statistics(NOON + MINUTE)).toEqual({
        byState: { queued: 1, succeeded: 90, failed: 10 },
        successRate: 0.9,
        duration: { mean: 5_050, p50: 5_000, p95: 9_500, p99: 9_900 },
        retries: 0,
        errorsByCode: { 'command.failed': 10 },
        lastHour: { finished: 100, failed: 10 },
        lastDay: { finished: 100, failed: 10 },
      });
      const later = await store.statistics(NOON + 120 * MINUTE);
      expect(later.lastHour).toEqual({ finished: 0, failed: 0 });
      expect(later.lastDay).toEqual({ finished: 100, failed: 10 });
    });
  });

  describe('retention', () => {
    it('removes what ended long ago and what is beyond the number to keep, never what lives', async () => {
      await using store = await open();
      const ended = await endTasks(store, 10);
      const waiting = await submitOne(store);
      const running = await claimOne(store);
      await store.audit(entry);
      expect(await store.prune({ finishedBefore: NOON + 3 * MINUTE, keep: 1_000 })).toBe(3);
      expect(await store.prune({ finishedBefore: 0, keep: 5 })).toBe(2);
      const left = await store.tasks({}, { limit: 100 });
      expect(left.tasks.map(task => task.id)).toEqual([waiting.id, ...ended.slice(5).toReversed()]);
      expect(await store.prune({ finishedBefore: NOON + 999 * MINUTE, keep: 0 })).toBe(5);
      expect(await store.counts()).toEqual({ running: 1 });
      expect((await store.task(running.id)).state).toBe('running');
      expect((await store.auditTrail({ limit: 10 })).entries).toEqual([entry]);
      const { duration, errorsByCode, successRate } = await store.statistics(NOON);
      expect([duration, errorsByCode, successRate]).toEqual([null, {}, null]);
      expect(await store.check()).toEqual([]);
    });

    it('prunes more than one portion', async () => {
      await using store = await open();
      await store.submit(
        Array.from({ length: 500 }, () => sampleTask()),
        NOON,
      );
      const claimed = await store.claim('e', MANY, NOON);
      await store.record(
        claimed.map(task => ({ ...fenceOf(task), write: 'settle', settlement: SUCCESS })),
        NOON,
      );
      expect(await store.prune({ finishedBefore: 0, keep: 20 })).toBe(480);
    });

    it('removes named tasks, all or none', async () => {
      await using store = await open();
      const [one = '', other = ''] = await endTasks(store, 2);
      const { id } = await submitOne(store);
      await expect(store.remove([one, id])).rejects.toMatchObject({ code: 'task.illegal-state' });
      expect(await store.output(one, 0, 9)).toHaveLength(1);
      expect(await store.remove([one, other])).toBe(2);
      await expect(store.output(one, 0, 9)).rejects.toMatchObject({ code: 'task.unknown' });
    });
  });

  describe('schedules, settings, audit', () => {
    it('model servers, by host and name, as their tasks say', async () => {
      await using store = await open();
      await submitOne(store);
      const task = await claimOne(store);
      const deployed = (name: string, release: string) =>
        ({ ...fenceOf(task), write: 'deployed', deployment: { ...deployment, name, release } }) as const;
      await store.record([deployed('b', '1'), deployed('a', '1'), deployed('a', '2')], NOON);
      expect((await store.deployments()).map(({ name, release }) => name + release)).toEqual(['a2', 'b1']);
      const gone = { write: 'undeployed', host: 'web-1', name: 'a' } as const;
      expect(await store.record([{ ...fenceOf(task), claim: task.claim - 1, ...gone }], NOON)).toEqual([
        'fenced',
      ]);
      await store.record([{ ...fenceOf(task), ...gone }], NOON);
      expect((await store.deployments()).map(({ name }) => name)).toEqual(['b']);
    });

    it('of connected servers are their own, and never take the place of a deployment', async () => {
      await using store = await open();
      await submitOne(store);
      const fence = fenceOf(await claimOne(store));
      const attach = (name: string, version: string) =>
        ({ ...fence, write: 'attached', attached: { ...attached, name, version } }) as const;
      const writes = [{ ...fence, write: 'deployed', deployment } as const, attach('tiny', '1')];
      await store.record([...writes, attach('ollama', '1'), attach('ollama', '2')], NOON);
      expect(await store.deployments()).toEqual([deployment]);
      expect((await store.attachedModels()).map(({ name, version }) => [name, version])).toEqual([
        ['ollama', '2'],
      ]);
      await store.record([{ ...fence, write: 'undeployed', host: 'web-1', name: 'ollama' }], NOON);
      expect(await store.attachedModels()).toHaveLength(1);
      const gone = (name: string) => ({ ...fence, write: 'detached', host: 'web-1', name }) as const;
      await store.record([gone('tiny'), gone('ollama')], NOON);
      expect(await store.deployments()).toEqual([deployment]);
      expect(await store.attachedModels()).toEqual([]);
    });

    it('are kept', async () => {
      await using store = await open();
      const schedule: Schedule = {
        id: 'schedule-1',
        name: 'nightly',
        when: '0 3 * * *',
        timeZone: 'Europe/Berlin',
        missed: 'once',
        submission: { kind: 'command' },
        enabled: true,
        nextAt: NOON,
        lastAt: null,
        createdAt: NOON,
      };
      await store.saveSchedule(schedule);
      await store.saveSchedule({ ...schedule, enabled: false });
      expect(await store.schedules()).toEqual([{ ...schedule, enabled: false }]);
      expect(await store.removeSchedule('schedule-1')).toBe(true);
      expect(await store.removeSchedule('schedule-1')).toBe(false);

      expect(await store.setting('limits')).toBeUndefined();
      await store.saveSetting('limits', { total: 3 });
      await store.saveSetting('limits', { total: 4 });
      expect(await store.setting('limits')).toEqual({ total: 4 });

      for (const who of ['ann', 'bob', 'cleo']) await store.audit({ ...entry, who });
      const first = await store.auditTrail({ limit: 2 });
      expect(first.entries.map(each => each.who)).toEqual(['cleo', 'bob']);
      const rest = await store.auditTrail({ limit: 2, cursor: first.next ?? '' });
      expect(rest).toEqual({ entries: [{ ...entry, who: 'ann' }], next: null });
    });
  });

  describe('watchers', () => {
    it('hear commits in order, also those made while listening, and harm nothing', async () => {
      await using store = await open();
      const warning = vi.spyOn(process, 'emitWarning').mockReturnValue();
      const heard: string[] = [];
      store.watch(() => {
        throw new Error('a listener that throws');
      });
      store.watch(({ events }) => {
        const [event] = events;
        if (event?.seq === 1) void store.control(event.task, { action: 'pause' }, NOON);
      });
      store.watch(({ events }) =>
        heard.push(...events.map(event => (event.kind === 'task-state' ? event.state : ''))),
      );
      await submitOne(store);
      expect(heard).toEqual(['queued', 'paused']);
      expect(warning).toHaveBeenCalledTimes(2);
      warning.mockRestore();
    });
  });
}
