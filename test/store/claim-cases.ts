import { describe, expect, it } from 'vitest';
import type { ClaimWrite } from '../../src/store/store.ts';
import type { OpenStore } from './conformance.ts';
import {
  claimOne,
  failure,
  FAILURE,
  fenceOf,
  MANY,
  MINUTE,
  NOON,
  PLAN,
  settle,
  submitOne,
  SUCCESS,
} from './sample-task.ts';

export function claimCases(open: OpenStore): void {
  describe('a claim', () => {
    it('tells its events in order, without gaps, to readers and watchers alike', async () => {
      await using store = await open();
      const watched: unknown[] = [];
      const stop = store.watch(committed => watched.push(...committed.events));
      const { id } = await submitOne(store);
      const task = await claimOne(store);
      const fence = fenceOf(task);
      const progress = { done: 1, total: 2, unit: 'steps', text: 'half' } as const;
      const writes: ClaimWrite[] = [
        { ...fence, write: 'phase', phase: 'connecting' },
        { ...fence, write: 'begun', host: 'web', runId: 'run-1' },
        { ...fence, write: 'progress', progress },
        { ...fence, write: 'event', body: { kind: 'note', text: 'half way' } },
      ];
      expect(await store.record(writes, NOON + 1)).toEqual(['written', 'written', 'written', 'written']);
      expect(await store.task(id)).toMatchObject({
        phase: 'connecting',
        begun: true,
        progress,
        startedAt: NOON,
      });
      await settle(store, task, SUCCESS, NOON + 2);
      const events = await store.events(id, 0, 100);
      expect(events.map(event => event.seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(events.map(event => (event.kind === 'task-state' ? event.state : event.kind))).toEqual([
        'queued',
        'running',
        'task-started',
        'phase',
        'run-begun',
        'progress',
        'note',
        'succeeded',
      ]);
      expect(events[3]).toMatchObject({
        requestId: 'request-1',
        attempt: 1,
        time: new Date(NOON + 1).toISOString(),
      });
      expect(watched).toEqual(events);
      expect(await store.events(id, 6, 1)).toEqual([events[6]]);
      stop();
      await submitOne(store);
      expect(watched).toHaveLength(8);
    });

    it('is fenced: what an older claim reports is dropped', async () => {
      await using store = await open();
      const { id } = await submitOne(store);
      const old = await claimOne(store);
      await store.recover(NOON + 1);
      expect(await settle(store, old, SUCCESS)).toBe('fenced');
      const young = await claimOne(store);
      expect(young).toMatchObject({ claim: 2, attempt: 1, crashes: 0 });
      const before = await store.events(id, 0, 100);
      expect(await settle(store, old, SUCCESS)).toBe('fenced');
      const output = {
        write: 'output',
        pieces: [{ stream: 'stdout', at: 0, bytes: Uint8Array.of(1) }],
      } as const;
      expect(await store.record([{ ...fenceOf(old), ...output }], NOON)).toEqual(['fenced']);
      expect(await store.record([{ task: 'task-none', claim: 1, ...output }], NOON)).toEqual(['fenced']);
      expect(await store.events(id, 0, 100)).toEqual(before);
      expect(await settle(store, young, SUCCESS)).toBe('written');
      expect(await settle(store, young, FAILURE)).toBe('fenced');
      expect(await store.task(id)).toMatchObject({
        state: 'succeeded',
        result: { exitCode: 0 },
        error: null,
      });
    });

    it('keeps output byte for byte, whatever the bytes', async () => {
      await using store = await open();
      await submitOne(store);
      const task = await claimOne(store);
      const euro = new TextEncoder().encode('€');
      const all = Uint8Array.from({ length: 40_000 }, (_, index) => (index * 7) % 256);
      const pieces = [
        { stream: 'stdout', at: 0, bytes: euro.slice(0, 1) },
        { stream: 'stderr', at: 0, bytes: all },
        { stream: 'stdout', at: 1, bytes: euro.slice(1) },
      ] as const;
      await store.record([{ ...fenceOf(task), write: 'output', pieces }], NOON);
      // a claim that follows again from an earlier place adds only what is new
      const again = [{ stream: 'stdout', at: 2, bytes: Uint8Array.of(...euro.slice(2), 10) }] as const;
      await store.record([{ ...fenceOf(task), write: 'output', pieces: again }], NOON);
      await store.record([{ ...fenceOf(task), write: 'output', pieces: again }], NOON);
      const chunks = await store.output(task.id, 0, 10);
      expect(chunks.map(chunk => chunk.seq)).toEqual([1, 2]);
      expect(chunks[0]?.pieces).toEqual(pieces);
      expect(chunks[1]?.pieces).toEqual([{ stream: 'stdout', at: 3, bytes: Uint8Array.of(10) }]);
      expect(await store.output(task.id, 1, 10)).toEqual([chunks[1]]);
      expect(await store.outputLength(task.id)).toEqual({ stdout: 4, stderr: 40_000 });
    });

    it('repeats: a new attempt at its time, with output of its own', async () => {
      await using store = await open();
      const { id } = await submitOne(store, { input: Uint8Array.of(1) });
      const task = await claimOne(store);
      const bytes = Uint8Array.of(1, 2, 3);
      const begun = { ...fenceOf(task), write: 'begun', host: 'web', runId: 'run-1' } as const;
      const output = {
        ...fenceOf(task),
        write: 'output',
        pieces: [{ stream: 'stdout', at: 0, bytes }],
      } as const;
      const step = { ...fenceOf(task), write: 'step', name: 'started', output: {} } as const;
      await store.record([begun, output, step], NOON);
      expect(await store.steps(id)).toEqual(new Map([['started', {}]]));
      await settle(store, task, { to: 'repeat', at: NOON + MINUTE, error: failure() });
      expect(await store.task(id)).toMatchObject({
        state: 'delayed',
        attempt: 2,
        begun: false,
        progress: null,
      });
      expect(await store.outputLength(id)).toEqual({ stdout: 0, stderr: 0 });
      expect((await store.events(id, 0, 100)).map(event => event.kind)).toContain('attempt-failed');
      expect(await store.claim('e', MANY, NOON + MINUTE - 1)).toEqual([]);
      const next = await claimOne(store, NOON + MINUTE);
      expect(next).toMatchObject({ attempt: 2, claim: 2, startedAt: NOON });
      // what the first attempt remembered says nothing of the second
      expect(await store.steps(id)).toEqual(new Map());
      expect(await store.input(id)).toEqual(Uint8Array.of(1));
      await settle(store, next, SUCCESS);
      expect(await store.input(id)).toBeNull();
      expect((await store.statistics(NOON)).retries).toBe(1);
    });

    it('goes on later: delayed, paused, queued again', async () => {
      await using store = await open();
      const { id } = await submitOne(store);
      await settle(store, await claimOne(store), { to: 'delayed', at: NOON + 5, reason: 'no answer' });
      expect(await store.task(id)).toMatchObject({ state: 'delayed', attempt: 1, runAfter: NOON + 5 });
      await settle(store, await claimOne(store, NOON + 5), { to: 'paused' });
      expect(await store.task(id)).toMatchObject({ state: 'paused' });
      await store.control(id, { action: 'resume' }, NOON + 6);
      const task = await claimOne(store, NOON + 6);
      await settle(store, task, { to: 'queued', reason: 'the executor ended', crashed: true });
      expect(await store.task(id)).toMatchObject({ state: 'queued', attempt: 1, crashes: 1, claim: 3 });
      expect((await store.events(id, 0, 100)).map(event => event.kind)).toContain('claim-lost');
    });

    it('remembers steps', async () => {
      await using store = await open();
      await submitOne(store);
      const task = await claimOne(store);
      await store.record([{ ...fenceOf(task), write: 'step', name: 'plan', output: { hosts: 3 } }], NOON);
      await store.record([{ ...fenceOf(task), write: 'step', name: 'plan', output: { hosts: 4 } }], NOON);
      expect(await store.steps(task.id)).toEqual(new Map([['plan', { hosts: 4 }]]));
    });

    it('that reports something impossible loses that alone, and says so', async () => {
      await using store = await open();
      await submitOne(store);
      await submitOne(store);
      const [one, other] = [await claimOne(store), await claimOne(store)];
      const circular: Record<string, unknown> = {};
      circular['self'] = circular;
      const writes: ClaimWrite[] = [
        { ...fenceOf(one), write: 'phase', phase: 'running' },
        { ...fenceOf(one), write: 'step', name: 'plan', output: circular },
        { ...fenceOf(other), write: 'settle', settlement: SUCCESS },
      ];
      await expect(store.record(writes, NOON)).rejects.toMatchObject({
        code: 'internal.defect',
        details: { outcomes: ['written', 'refused', 'written'] },
      });
      expect(await store.task(one.id)).toMatchObject({ state: 'running', phase: 'running' });
      expect(await store.task(other.id)).toMatchObject({ state: 'succeeded' });
      expect(await store.check()).toEqual([]);
    });
  });

  describe('an approval', () => {
    const ask = { id: 'approval-1', hash: 'abc', title: 'Install nginx', expiresAt: NOON + MINUTE, ...PLAN };

    it('holds the task without holding a place, until a person decides', async () => {
      await using store = await open();
      const { id } = await submitOne(store);
      await settle(store, await claimOne(store), { to: 'waiting-approval', approval: ask });
      expect(await store.task(id)).toMatchObject({ state: 'waiting-approval' });
      expect(await store.runningByHost()).toEqual(new Map());
      const { validFor: _life, ...asked } = ask;
      expect(await store.approvals({ state: 'open' })).toMatchObject([{ ...asked, task: id, askedAt: NOON }]);
      expect(await store.decide('approval-1', 'approved', 'ann', NOON + 1)).toMatchObject({
        state: 'queued',
      });
      const approved = { state: 'approved', decidedBy: 'ann', decidedAt: NOON + 1 };
      expect(await store.approvals({ task: id })).toMatchObject([approved]);
      await expect(store.decide('approval-1', 'declined', 'bob', NOON + 2)).rejects.toMatchObject({
        code: 'task.illegal-state',
      });
      await expect(store.decide('approval-none', 'declined', 'bob', NOON)).rejects.toMatchObject({
        code: 'task.unknown',
      });
      expect(await claimOne(store)).toMatchObject({ id, claim: 2, attempt: 1 });
    });

    it('keeps the person’s word, holds for its time, and each use is counted once', async () => {
      await using store = await open();
      const { id } = await submitOne(store);
      await settle(store, await claimOne(store), { to: 'waiting-approval', approval: ask });
      await store.decide('approval-1', 'approved', 'ann', NOON + 1, { choice: 'skip', note: 'port 81' });
      const word = { choice: 'skip', note: 'port 81', uses: 2, validUntil: NOON + 1 + MINUTE };
      expect(await store.approvals({ task: id })).toMatchObject([word]);
      const fence = fenceOf(await claimOne(store));
      const use: ClaimWrite = { ...fence, write: 'approval-used', approval: 'approval-1', step: 'use 0' };
      for (const left of [1, 0, 0]) {
        await store.record([use], NOON + 2);
        expect(await store.approvals({ task: id })).toMatchObject([{ uses: left }]);
      }
      expect((await store.steps(id)).has('use 0')).toBe(true);
    });

    it('declined cancels the task', async () => {
      await using store = await open();
      const { id } = await submitOne(store);
      await settle(store, await claimOne(store), { to: 'waiting-approval', approval: ask });
      await store.decide('approval-1', 'declined', 'ann', NOON);
      expect(await store.task(id)).toMatchObject({
        state: 'cancelled',
        error: { code: 'approval.declined' },
      });
    });

    it('that nobody gave in time fails the task', async () => {
      await using store = await open();
      const { id } = await submitOne(store);
      await settle(store, await claimOne(store), { to: 'waiting-approval', approval: ask });
      expect(await store.expireApprovals(ask.expiresAt - 1)).toBe(0);
      await expect(store.decide('approval-1', 'approved', 'ann', ask.expiresAt)).rejects.toMatchObject({
        code: 'task.illegal-state',
      });
      expect(await store.expireApprovals(ask.expiresAt)).toBe(1);
      expect(await store.task(id)).toMatchObject({ state: 'failed', error: { code: 'approval.needed' } });
      expect(await store.approvals({ state: 'open' })).toEqual([]);
    });
  });
}
