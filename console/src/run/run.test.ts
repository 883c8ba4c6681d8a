import { describe, expect, it } from 'vitest';
import type { LinePage, TaskEvent } from 'deckhand/client';
import { sampleRow as task } from '../tasks/sample-row.ts';
import { lastWords, repairRequest } from './failure.ts';
import { failuresFirst, outputGroups, sameText } from './host-groups.ts';
import { timelineOf } from './timeline.ts';

function page(...texts: readonly string[]): LinePage {
  const lines = texts.map((text, index) => ({
    number: index + 1,
    stream: 'stdout' as const,
    text,
    cut: 0,
    time: index,
    open: false,
  }));
  return { attempt: 1, total: texts.length, lines, next: null };
}

it('failures come first, then names in their order', () => {
  const tasks = [
    task({ id: 'a', host: 'web-10', state: 'succeeded' }),
    task({ id: 'b', host: 'web-2', state: 'succeeded' }),
    task({ id: 'c', host: 'web-3', state: 'failed' }),
    task({ id: 'd', host: 'web-4', state: 'running' }),
  ];
  expect(failuresFirst(tasks).map(each => each.host)).toEqual(['web-3', 'web-4', 'web-2', 'web-10']);
});

describe('hosts that said the same', () => {
  const ended = ['a', 'b', 'c'].map(id => task({ id, state: 'succeeded' }));
  it('are one group, whenever they said it', () => {
    const pages = new Map([
      ['a', page('x')],
      ['b', page('x')],
      ['c', page('y')],
    ]);
    const groups = outputGroups(ended, pages) ?? [];
    expect(groups.map(group => group.tasks.length)).toEqual([2, 1]);
    expect(sameText(groups)).toBe('2 same, 1 differs');
  });
  it('are the same in whatever order their two streams arrived', () => {
    const [out, err] = page('x', 'y').lines;
    if (!out || !err) throw new Error('two lines');
    const both = [out, { ...err, stream: 'stderr' as const }];
    const pages = new Map([
      ['a', { ...page('x', 'y'), lines: both }],
      ['b', { ...page('x', 'y'), lines: both.toReversed() }],
      ['c', page('x', 'y')],
    ]);
    expect(sameText(outputGroups(ended, pages) ?? [])).toBe('2 same, 1 differs');
  });
  it('are not compared before all have ended', () => {
    expect(outputGroups([...ended, task({ id: 'd' })], new Map())).toBeNull();
  });
});

describe('timelineOf', () => {
  const at = (seq: number, body: object): TaskEvent =>
    ({
      task: 't',
      seq,
      attempt: 1,
      requestId: 'r',
      time: new Date(seq * 1000).toISOString(),
      ...body,
    }) as TaskEvent;
  it('steps with their durations, repeats folded, the failed one marked', () => {
    const steps = timelineOf([
      at(1, { kind: 'phase', phase: 'connecting' }),
      at(2, { kind: 'phase', phase: 'connecting' }),
      at(4, { kind: 'step-started', host: 'h', stepId: 's', title: 'install', index: 0, total: 2 }),
      at(7, { kind: 'step-completed', host: 'h', stepId: 's', outcome: 'failed', report: {} }),
      at(8, { kind: 'task-state', state: 'failed' }),
    ]);
    expect(steps.map(({ title, outcome, duration, times }) => [title, outcome, duration, times])).toEqual([
      ['connecting', 'done', 3000, 2],
      ['1/2 install', 'failed', 3000, 1],
    ]);
  });
  it('what goes on has no duration yet', () => {
    expect(timelineOf([at(1, { kind: 'phase', phase: 'running' })])[0]).toMatchObject({
      outcome: 'goes on',
      duration: null,
    });
  });
});

describe('why it failed', () => {
  it('what was said last is without the empty lines around it, and empty where nothing was said', () => {
    const texts = (...given: readonly string[]) => lastWords(page(...given)).map(({ text }) => text);
    expect(texts('', ' ', 'a', '', 'b', '')).toEqual(['a', '', 'b']);
    expect(texts('', '')).toEqual([]);
    expect(texts()).toEqual([]);
  });
  it('the agent is offered for what failed there, not for a host that nobody reaches', () => {
    expect(repairRequest({ code: 'command.failed' }, 'nginx -t')).toContain('nginx -t');
    expect(repairRequest({ code: 'ssh.unreachable' }, 'nginx -t')).toBeNull();
    expect(repairRequest({ code: 'command.failed' }, null)).toBeNull();
    expect(repairRequest({ code: 'command.failed' }, 'x'.repeat(9999))?.length).toBeLessThan(2100);
  });
});
