import { describe, expect, it } from 'vitest';
import { sampleRow as task } from './sample-row.ts';
import { groupRows, progressOf, timeLeft, waitingReason } from './group-rows.ts';
import { choicesOf, filterOf, fits, merged, renewed } from './task-filter.ts';
import { sensible } from './steer.ts';

const half = { done: 5, total: 10, unit: 'bytes', text: '' } as const;

describe('groupRows', () => {
  it('one row a group, newest first, with what needs a person before all', () => {
    const rows = groupRows([
      task({ id: 'a', group: 'new', state: 'succeeded', createdAt: 9, finishedAt: 12 }),
      task({ id: 'b', group: 'old', state: 'succeeded', createdAt: 1 }),
      task({ id: 'c', group: 'old', state: 'waiting-approval', createdAt: 1 }),
    ]);
    expect(rows.map(row => [row.group, row.state, row.finishedAt])).toEqual([
      ['new', 'succeeded', 12],
      ['old', 'waiting-approval', null],
    ]);
  });
  it('a failure is seen among successes', () => {
    expect(groupRows([task({ state: 'succeeded' }), task({ state: 'failed' })])[0]?.state).toBe('failed');
  });
  it('who', () => {
    expect(groupRows([task({ idempotencyKey: 'schedule-1@5' })])[0]?.who).toBe('schedule');
    expect(groupRows([task({ kind: 'agent.run' })])[0]?.who).toBe('agent');
  });
});

it('progress counts what has ended, and the time left follows from it', () => {
  const tasks = [task({ state: 'succeeded' }), task({ progress: half })];
  expect(progressOf(tasks)).toBe(0.75);
  expect(timeLeft({ tasks, startedAt: 0, finishedAt: null }, 3000)).toBe(1000);
  expect(progressOf([task({})])).toBeNull();
  expect(timeLeft({ tasks: [task({})], startedAt: 0, finishedAt: null }, 3000)).toBeNull();
});

it.each([
  [task({ state: 'queued' }), 'web-1: 2/2 running'],
  [task({ state: 'queued', host: 'web-2' }), '8/8 running in all'],
  [task({ state: 'delayed', runAfter: 5000 }), '5 s more'],
  [task({ state: 'blocked', dependsOn: ['x'] }), 'after another task'],
  [task({ state: 'running' }), null],
])('why a task waits', (waiting, reason) => {
  const running = new Map([
    ['web-1', 2],
    ['db', 6],
  ]);
  expect(waitingReason(waiting, { total: 8, perHost: 2, hosts: {} }, running, 0)).toBe(reason);
});

describe('a filtered list', () => {
  const failed = filterOf(new URLSearchParams('state=failed&kind=ssh.execute'));
  it('loses what no longer fits and gains what now does', () => {
    const list = [task({ id: 'a', state: 'failed' }), task({ id: 'b', state: 'failed' })];
    const after = merged(
      list,
      [task({ id: 'b', state: 'queued' }), task({ id: 'c', state: 'failed' })],
      failed,
    );
    expect(after.map(each => each.id)).toEqual(['c', 'a']);
  });
  it('takes nothing strange from the address', () => {
    expect(filterOf(new URLSearchParams('state=<script>')).state).toBeNull();
  });
  it('looks for text in title, host, id and error', () => {
    const filter = filterOf(new URLSearchParams('text=WEB-1'));
    expect(fits(task({}), filter)).toBe(true);
    expect(fits(task({ host: 'db' }), filter)).toBe(false);
  });
});

it('what is chosen is among the choices, also before anything is listed', () => {
  expect(choicesOf('every kind', ['b', 'a', 'b'], 'c')).toEqual([
    ['', 'every kind'],
    ['a', 'a'],
    ['b', 'b'],
    ['c', 'c'],
  ]);
  expect(choicesOf('every kind', [], '')).toEqual([['', 'every kind']]);
});

it('only what makes sense is offered', () => {
  expect(sensible([task({})])).toEqual(['cancel', 'pause']);
  expect(sensible([task({ state: 'failed' })])).toEqual(['retry']);
  expect(sensible([task({ state: 'succeeded' })])).toEqual([]);
});

describe('renewed', () => {
  const running = task({ id: 'a', state: 'running', lastSeq: 4 });
  const ended = task({ id: 'a', state: 'succeeded', lastSeq: 6 });
  it('what is newer wins, whichever came first', () => {
    expect(renewed([running], [ended])).toEqual([ended]);
    expect(renewed([ended], [running])).toEqual([ended]);
  });
  it('is the same list where nothing is different', () => {
    const list = [ended];
    expect(renewed(list, [running, task({ id: 'b', lastSeq: 9 })])).toBe(list);
  });
});
