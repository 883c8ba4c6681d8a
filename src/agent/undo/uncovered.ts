import type { Step } from '../../core/plan.ts';
import type { State } from '../../core/state.ts';
import { keptBy } from '../../states/keep-script.ts';

/**
 * What cannot be taken back once the step ran, a sentence each; empty when all that its states touch is kept. Pure,
 * so that it is told before anything is approved.
 */
export function irreversibleOf(step: Step): readonly string[] {
  return step.states.flatMap(state => (state.kind === 'command' ? ofCommand(step, state) : []));
}

function ofCommand(step: Step, state: Extract<State, { kind: 'command' }>): readonly string[] {
  if (step.undo !== undefined) return [];
  const { subjects, packages } = keptBy([state]);
  const names = [...subjects.map(({ name }) => name), ...(packages ? ['its packages'] : [])];
  if (names.length === 0)
    return [`command ${state.title}: it says neither what it touches nor how it is taken back`];
  return [`command ${state.title}: only ${names.join(', ')} can be taken back, nothing else that it does`];
}
