import { createHash } from 'node:crypto';
import { orderSteps, type Plan, type Step } from '../core/plan.ts';
import type { PlannedStep } from '../core/run-report.ts';
import type { Effect, State } from '../core/state.ts';
import { canonicalText } from '../shell/canonical.ts';
import { readShell } from '../shell/read-script.ts';
import { describeState, effectsOf } from '../states/registry.ts';
import { besides, waitsFor } from './step-resources.ts';
import { irreversibleOf } from './undo/uncovered.ts';

const SEVERITY = ['none', 'change', 'privileged', 'destructive'] as const;

/** What each step touches and risks, in the order of the run. */
export function planSteps(plan: Plan): readonly PlannedStep[] {
  const earlier = waitsFor(plan);
  return orderSteps(plan).map(step => {
    const effects = step.states.flatMap(state => [...effectsOf(state)]);
    return {
      id: step.id,
      title: step.title,
      risk: highestRisk(effects),
      states: step.states.map(describeState),
      effects,
      dependsOn: step.dependsOn,
      ...moreOf(step, besides(plan, step, earlier)),
    };
  });
}

/** Only what there is to say. */
function moreOf(step: Step, beside: readonly string[]): Partial<PlannedStep> {
  const expects = step.states.flatMap(expectedText);
  const irreversible = irreversibleOf(step);
  return {
    ...(beside.length > 0 ? { beside } : {}),
    ...(step.estimate === undefined ? {} : { estimate: step.estimate }),
    ...(expects.length > 0 ? { expects } : {}),
    ...(irreversible.length > 0 ? { irreversible } : {}),
  };
}

function expectedText(state: State): readonly string[] {
  if (state.kind !== 'command' || state.expected === undefined) return [];
  const { exitCodes, text } = state.expected;
  const printed = text === undefined ? '' : `, printing ${JSON.stringify(text)}`;
  return [`${state.title}: exit ${exitCodes.join(' or ')}${printed}`];
}

function highestRisk(effects: readonly Effect[]): PlannedStep['risk'] {
  let highest: PlannedStep['risk'] = 'none';
  for (const { risk } of effects) {
    if (SEVERITY.indexOf(risk) > SEVERITY.indexOf(highest)) highest = risk;
  }
  return highest;
}

/**
 * What an approval is bound to: hosts, steps, checks and post-conditions, whatever words led there.
 * One changed byte of any script or state gives another hash.
 */
export function approvalHash(hosts: readonly string[], plan: Plan): string {
  const meaning = {
    hosts: [...hosts].sort(),
    steps: orderSteps(plan).map(meaningOf),
    postconditions: plan.postconditions,
    report: plan.report,
  };
  return createHash('sha256').update(canonicalJson(meaning)).digest('hex');
}

/** Without the words around it; scripts as what shells decode, so that quoting and spacing do not count. */
function meaningOf({ why: _why, priority: _priority, estimate: _estimate, ...step }: Step): unknown {
  return {
    ...step,
    states: step.states.map(state =>
      state.kind === 'command'
        ? { ...state, script: canonicalText(readShell(state.script), state.script) }
        : state,
    ),
  };
}

/** JSON with sorted keys, so that equal values give equal text. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
      : inner,
  );
}
