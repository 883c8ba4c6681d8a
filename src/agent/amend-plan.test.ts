import { describe, expect, it } from 'vitest';
import { type Plan, stepsOf } from '../core/plan.ts';
import { amendPlan } from './amend-plan.ts';
import { planDifference } from './plan-difference.ts';
import { planFromAnswer } from './plan-from-answer.ts';
import { sampleAnswer, sampleState, sampleStep } from './sample-answer.ts';

const command = (name: string) =>
  sampleState({ kind: 'command', title: name, command: `touch /srv/${name}`, creates: `/srv/${name}` });
function planFor(hosts: readonly string[]): Plan {
  const steps = [
    sampleStep('one', [command('one')]),
    sampleStep('two', [command('two')], { dependsOn: ['one'] }),
    sampleStep('three', [command('three')], { dependsOn: ['two'] }),
    sampleStep('four', [command('four')]),
  ];
  return planFromAnswer(sampleAnswer(steps), { intent: 'x', hosts, runbooks: [] });
}
const idsOn = (plan: Plan, host: string) => stepsOf(plan, host).map(({ id }) => id);
const fresh = [sampleStep('other', [command('other')])];

describe('a repaired plan', () => {
  const base = { host: 'a', stepId: 'two', steps: fresh, mark: 1 } as const;

  it('replaces on one host and leaves the others alone', () => {
    const plan = amendPlan(planFor(['a', 'b']), ['a', 'b'], { ...base, action: 'replace' });
    expect(idsOn(plan, 'a')).toEqual(['one', 'other-r1', 'three', 'four']);
    expect(idsOn(plan, 'b')).toEqual(['one', 'two', 'three', 'four']);
    expect(stepsOf(plan, 'a').find(({ id }) => id === 'three')?.dependsOn).toEqual(['other-r1']);
    expect(stepsOf(plan, 'b').find(({ id }) => id === 'three')?.dependsOn).toEqual(['two']);
  });

  it('inserts before the failed step, which is tried again', () => {
    const plan = amendPlan(planFor(['a', 'b']), ['a', 'b'], { ...base, action: 'insert' });
    expect(idsOn(plan, 'a')).toEqual(['one', 'other-r1', 'two-r1', 'three', 'four']);
    expect(idsOn(plan, 'b')).toEqual(['one', 'two', 'three', 'four']);
    const alone = amendPlan(planFor(['a']), ['a'], { ...base, action: 'insert' });
    expect(idsOn(alone, 'a')).toEqual(['one', 'other-r1', 'two', 'three', 'four']);
  });

  it('leaves a step and what waits for it out, on one host', () => {
    const plan = amendPlan(planFor(['a', 'b']), ['a', 'b'], { ...base, action: 'skip', steps: [] });
    expect(idsOn(plan, 'a')).toEqual(['one', 'four']);
    expect(idsOn(plan, 'b')).toEqual(['one', 'two', 'three', 'four']);
  });

  it('is repaired again under another name, and shows what differs', () => {
    const plan = planFor(['a']);
    const once = amendPlan(plan, ['a'], { ...base, action: 'replace' });
    const twice = amendPlan(once, ['a'], { ...base, stepId: 'other-r1', action: 'replace', mark: 2 });
    expect(idsOn(twice, 'a')).toEqual(['one', 'other-r2', 'three', 'four']);
    expect(planDifference(plan, once)).toEqual([
      '- two: two: touch /srv/two',
      '+ other-r1 on a: other: touch /srv/other',
    ]);
    expect(planDifference(plan, plan)).toEqual([]);
  });

  it('is refused without steps, or with one that cannot be taken', () => {
    const bad = [sampleStep('bad', [sampleState({ kind: 'command', title: 'x', command: 'true' })])];
    for (const steps of [[], bad])
      expect(() => amendPlan(planFor(['a']), ['a'], { ...base, action: 'replace', steps })).toThrow(
        expect.objectContaining({ code: 'plan.invalid' }),
      );
  });
});
