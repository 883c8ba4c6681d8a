import type { Plan, Step } from '../core/plan.ts';
import { judgeCommand } from '../policy/judge.ts';
import { reasonSentence } from '../policy/reason-sentence.ts';
import type { Risk, Verdict } from '../policy/verdict.ts';

/** A script that is run to learn something, before anything is approved. */
export interface Look {
  readonly title: string;
  readonly script: string;
  readonly author: Author;
}
/** Who wrote it; a runbook's author is a person. */
export type Author = 'model' | 'person';

/** Every script of a plan that only asks: prerequisites, checks, conditions of commands, proofs, findings. */
export function looksOf(plan: Pick<Plan, 'steps' | 'postconditions' | 'report' | 'madeBy'>): readonly Look[] {
  const author: Author = plan.madeBy ?? 'person';
  const ends = [...plan.postconditions, ...plan.report];
  return [
    ...plan.steps.flatMap(looksOfStep),
    ...ends.map(({ title, script }) => ({ title, script, author })),
  ];
}

function looksOfStep(step: Step): readonly Look[] {
  const author: Author = step.madeBy ?? 'person';
  const checks = [...(step.prerequisites ?? []), ...step.checks];
  const conditions = step.states.flatMap(state =>
    state.kind === 'command' && state.unless !== undefined
      ? [{ title: `unless of '${state.title}'`, script: state.unless }]
      : [],
  );
  return [...checks, ...conditions].map(({ title, script }) => ({ title, script, author }));
}

/** What no look may do, whoever wrote it; a connection of its own, to ask a port, it may open. */
const HARM = new Set<Risk>([
  'lose-ssh',
  'data-loss',
  'reboot',
  'service-loss',
  'privilege-gain',
  'cover-tracks',
]);

const HERE = /^(?:[a-z]+:\/\/)?(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)(?::\d+)?(?:\/|$)/i;

/**
 * Why a look must not run, or null. What a person or a runbook's author wrote only never does harm for certain; what a model
 * wrote must be known to be read-only, and asks nobody but the host itself.
 */
export function judgeLook(script: string, author: Author): string | null {
  const verdict = judgeCommand(script);
  const reason = verdict.reasons[0];
  if (author === 'person') {
    const harm = verdict.reasons.find(one => one.class === 'forbidden' && one.risk && HARM.has(one.risk));
    return harm ? reasonSentence(harm.text) : null;
  }
  if (verdict.class !== 'read-only') return reasonSentence(reason?.text ?? 'may change something');
  const elsewhere = elsewhereOf(verdict);
  return elsewhere === undefined ? null : `it speaks to ${elsewhere}, not to the host itself`;
}

function elsewhereOf({ effects }: Verdict): string | undefined {
  return effects.find(({ kind, subject }) => kind === 'network' && !HERE.test(subject))?.subject;
}
