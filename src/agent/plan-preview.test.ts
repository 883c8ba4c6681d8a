import { describe, expect, it } from 'vitest';
import { orderSteps, planSchema } from '../core/plan.ts';
import { approvalHash, planSteps } from './plan-preview.ts';

const plan = planSchema.parse({
  intent: 'x',
  goal: 'x',
  steps: [
    { id: 'b', title: 'second', dependsOn: ['a'], states: [{ kind: 'file', path: '/tmp/x', content: 'y' }] },
    { id: 'a', title: 'first', states: [{ kind: 'package', name: 'nginx' }] },
  ],
});

describe('a plan', () => {
  it('runs in dependency order and says what each step touches', () => {
    expect(planSteps(plan).map(step => step.id)).toEqual(['a', 'b']);
    expect(planSteps(plan)[0]?.effects).toContainEqual(
      expect.objectContaining({ kind: 'package', subject: 'nginx' }),
    );
    expect(planSteps(plan)[0]?.risk).not.toBe('none');
  });

  it('is refused when empty, cyclic, or waiting for nobody (T18)', () => {
    expect(() => orderSteps({ steps: [] })).toThrow(expect.objectContaining({ code: 'plan.empty' }));
    const [step] = plan.steps;
    if (!step) throw new Error('no step');
    expect(() => orderSteps({ steps: [{ ...step, dependsOn: ['b'] }] })).toThrow(
      expect.objectContaining({ code: 'plan.cyclic' }),
    );
    expect(() => orderSteps({ steps: [{ ...step, dependsOn: ['z'] }] })).toThrow(
      expect.objectContaining({ code: 'plan.invalid' }),
    );
  });

  it('is approved by its meaning: words do not count, one byte of a file does', () => {
    const hash = approvalHash(['web-1'], plan);
    expect(approvalHash(['web-1'], { ...plan, intent: 'other words' })).toBe(hash);
    expect(approvalHash(['web-2'], plan)).not.toBe(hash);
    const changed = structuredClone(plan);
    const state = changed.steps[0]?.states[0];
    if (state?.kind === 'file') state.content = 'z';
    expect(approvalHash(['web-1'], changed)).not.toBe(hash);
  });
});
