import type { Plan, Step } from '../core/plan.ts';
import { describeState } from '../states/registry.ts';

/** What differs between two plans, a line each: `+` is new, `-` is gone. Empty when they do the same. */
export function planDifference(before: Plan, after: Plan): readonly string[] {
  const old = linesOf(before);
  const fresh = linesOf(after);
  return [
    ...old.filter(line => !fresh.includes(line)).map(line => `- ${line}`),
    ...fresh.filter(line => !old.includes(line)).map(line => `+ ${line}`),
  ];
}

function linesOf(plan: Plan): readonly string[] {
  return [
    ...plan.steps.flatMap(linesOfStep),
    ...plan.postconditions.map(({ title, script }) => `proof ${title}: ${script}`),
  ];
}

function linesOfStep(step: Step): readonly string[] {
  const where = step.hosts ? ` on ${step.hosts.join(', ')}` : '';
  return step.states.map(state => {
    const text = state.kind === 'command' ? `${state.title}: ${state.script}` : describeState(state);
    // a state that only differs inside is another line as well
    const inside = state.kind === 'command' ? '' : ` ${JSON.stringify(state)}`;
    return `${step.id}${where}: ${text}${inside}`;
  });
}
