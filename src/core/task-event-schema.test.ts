import { describe, expect, it } from 'vitest';
import { taskEventBodySchema, taskEventSchema } from './task-event-schema.ts';

const envelope = { task: 't', seq: 1, attempt: 1, time: '2026-11-21T00:00:00.000Z', requestId: 'r' };

describe('the schema of events', () => {
  it('takes an event', () => {
    const event = { ...envelope, kind: 'task-state', state: 'queued' };
    expect(taskEventSchema.parse(event)).toEqual(event);
    expect(taskEventBodySchema.parse({ kind: 'phase', phase: 'running' })).toEqual({
      kind: 'phase',
      phase: 'running',
    });
  });
  it.each([
    ['another kind', { ...envelope, kind: 'surprise' }],
    ['a state that is none', { ...envelope, kind: 'task-state', state: 'done' }],
    ['no sequence', { ...envelope, seq: 0, kind: 'phase', phase: 'x' }],
    ['no time', { ...envelope, time: 'now', kind: 'phase', phase: 'x' }],
    ['an unknown field', { ...envelope, kind: 'phase', phase: 'x', secret: 'y' }],
  ])('refuses %s', (_, event) => {
    expect(taskEventSchema.safeParse(event).success).toBe(false);
  });
});
