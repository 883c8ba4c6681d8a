import { describe, expect, it } from 'vitest';
import type { TaskEvent } from 'deckhand/client';
import { layOut } from './graph-layout.ts';
import { storyOf } from './run-story.ts';
import { changedSteps, outcomesOf, reportOf } from './step-outcome.ts';

const event = (seq: number, body: object): TaskEvent =>
  ({ task: 't', attempt: 1, seq, time: '2026-01-01T00:00:00.000Z', requestId: 'r', ...body }) as TaskEvent;

describe('layOut', () => {
  it('puts each step after what it waits for', () => {
    const graph = layOut([
      { id: 'a', dependsOn: [] },
      { id: 'b', dependsOn: [] },
      { id: 'c', dependsOn: ['a', 'b'] },
    ]);
    expect(graph.places).toEqual([
      { id: 'a', column: 0, row: 0 },
      { id: 'b', column: 0, row: 1 },
      { id: 'c', column: 1, row: 0 },
    ]);
    expect(graph.edges.map(({ from, to }) => `${from.id}${to.id}`)).toEqual(['ac', 'bc']);
    expect([graph.columns, graph.rows]).toEqual([2, 2]);
  });

  it('bears a step that waits for one that is not there, and no steps', () => {
    expect(layOut([{ id: 'a', dependsOn: ['x'] }]).edges).toEqual([]);
    expect(layOut([])).toEqual({ places: [], edges: [], columns: 0, rows: 0 });
  });
});

describe('storyOf', () => {
  const started = { kind: 'step-started', stepId: 'a', title: 'A', index: 1, total: 1 };
  const done = { kind: 'step-completed', stepId: 'a', report: {} };

  it('says of a step the worst that happened on any host', () => {
    const story = storyOf([
      event(1, { ...started, host: 'one' }),
      event(2, { ...started, host: 'two' }),
      event(3, { ...done, host: 'one', outcome: 'changed' }),
    ]);
    expect(story.steps.get('a')).toBe('runs');
    const after = storyOf([
      event(1, { ...done, host: 'one', outcome: 'failed' }),
      event(2, { ...done, host: 'two', outcome: 'unchanged' }),
    ]);
    expect(after.steps.get('a')).toBe('failed');
  });

  it('counts new plans, not the same one shown again', () => {
    const ready = (seq: number, hash: string): TaskEvent =>
      event(seq, { kind: 'plan-ready', preview: { hash } });
    expect(storyOf([ready(1, 'x'), ready(2, 'x')]).replans).toBe(0);
    expect(storyOf([ready(1, 'x'), ready(2, 'y')])).toMatchObject({ replans: 1, preview: { hash: 'y' } });
  });

  it('adds up what models took, and leaves out answers that were remembered', () => {
    const answered = {
      kind: 'model-answered',
      role: 'plan',
      model: 'm',
      usage: { promptTokens: 10, completionTokens: 5, cost: null },
    };
    const story = storyOf([
      event(1, { ...answered, replayed: false }),
      event(2, { ...answered, replayed: true }),
    ]);
    expect(story.spent).toEqual({ calls: 1, tokens: 15, cost: null });
  });
});

describe('what came of a step', () => {
  it('is told with its host: what it lost, what was taken back, what can be', () => {
    const undo = { kept: 'r/a', privilege: 'root', packages: [], uncovered: ['its data'] };
    const step = (id: string, more: object) => ({ id, title: id, outcome: 'changed', ...more });
    const report = {
      hosts: [
        {
          host: 'web-1',
          steps: [step('a', { undo: { ...undo, subjects: [{ number: 1 }] } }), step('b', {})],
        },
        {
          host: 'web-2',
          steps: [
            step('a', {
              regressions: ['nothing listens on 80'],
              undone: { why: 'it lost something', changes: [] },
              undo: { ...undo, subjects: [] },
            }),
          ],
        },
      ],
      plan: {
        steps: [
          { id: 'a', title: 'A' },
          { id: 'b', title: 'B' },
        ],
      },
    };
    const found = reportOf({ report });
    expect(outcomesOf(found).get('a')).toEqual({
      lost: ['web-2: nothing listens on 80'],
      undone: ['web-2: was taken back: it lost something'],
      keptOn: ['web-1'],
      uncovered: ['web-1: its data', 'web-2: its data'],
    });
    expect(outcomesOf(found).get('b')?.keptOn).toEqual([]);
    expect(outcomesOf(reportOf({ exitCode: 0 })).size).toBe(0);
    expect(found && changedSteps(found).map(({ id }) => id)).toEqual(['a']);
  });
});
