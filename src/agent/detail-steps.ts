import { DeckhandError } from '../core/deckhand-error.ts';
import type { z } from '../core/schema.ts';
import { FENCE_RULE } from './evidence.ts';
import type { AskMind } from './plan-by-model.ts';
import { type FlatStep, flatStepSchema, type PlanAnswer } from './plan-answer.ts';
import { type AnswerPlace, planFromAnswer } from './plan-from-answer.ts';

/** What a model answers when it is asked for the commands of one step; the rest of the step stands already. */
export const detailSchema = flatStepSchema.pick({
  why: true,
  timeoutSeconds: true,
  prerequisites: true,
  states: true,
  checks: true,
  undo: true,
});
type Detail = z.infer<typeof detailSchema>;

export const DETAIL_INSTRUCTIONS = [
  'You write the commands of one step of a plan that stands already. Answer with this step only.',
  '- states: what the step does, in order. Typed states where one fits, else commands. A command needs a title, the',
  '  text (POSIX sh, no downloads piped into a shell), and `unless` (read-only POSIX sh, exit 0 = nothing to do) or',
  '  `creates` (a path): without one of them nothing can prove it, and it is refused.',
  '- Of each command: effects (paths, service:x, package:x, user:x), so that what it changes can be kept and taken back;',
  '  expectedExitCodes and expectedText (a text that must be in its output, * stands for anything) where the result shows so.',
  '- timeoutSeconds, prerequisites (read-only checks that must hold before anything is done), checks (that the step did',
  '  what it should), undo (POSIX sh that takes its commands back), why: one sentence for whoever approves it.',
  '- Checks, prerequisites and `unless` only look at the host itself. Facts are of the hosts as they are now.',
  FENCE_RULE,
].join('\n');

/** Has a step a command of which only the title is known? Then it is asked for by itself. */
export function isOutline({ states }: Pick<FlatStep, 'states'>): boolean {
  return states.some(({ kind, command }) => kind === 'command' && (command ?? '').trim() === '');
}

/**
 * The plan with the commands of its outlined steps; each is asked for once, and once more with its fault named. A plan
 * that has all its commands asks nothing. Throws `plan.invalid`, and what the model's server throws.
 */
export async function detailSteps(
  ask: AskMind,
  call: { readonly name: string; readonly prompt: string },
  answer: PlanAnswer,
  place: AnswerPlace,
): Promise<PlanAnswer> {
  if (answer.runbook !== null || !answer.steps.some(isOutline)) return answer;
  // what is wrong with the plan itself is told before anything is asked about its steps
  planFromAnswer({ ...answer, steps: answer.steps.map(filledIn) }, place);
  const steps: FlatStep[] = [];
  for (const step of answer.steps)
    steps.push(isOutline(step) ? await detailStep(ask, call, answer, { step, place }) : step);
  return { ...answer, steps };
}

interface Outline {
  readonly step: FlatStep;
  readonly place: AnswerPlace;
}

async function detailStep(
  ask: AskMind,
  { name, prompt }: { readonly name: string; readonly prompt: string },
  answer: PlanAnswer,
  { step, place }: Outline,
): Promise<FlatStep> {
  const question = async (asked: string, told: string): Promise<Detail> =>
    await ask({
      name: `${name} ${asked} ${step.id}`,
      role: 'detail',
      instructions: DETAIL_INSTRUCTIONS,
      prompt: told,
      schema: detailSchema,
      schemaName: 'detail',
    });
  const outline = answer.steps.map(({ id, title, dependsOn, states }) => ({ id, title, dependsOn, states }));
  const about = `${prompt}\n\nThe plan: ${JSON.stringify({ goal: answer.goal, steps: outline })}\n\nWrite the step ${step.id}: ${step.title}`;
  const first = await question('detail', about);
  const fault = faultOf({ ...step, ...first }, place);
  if (fault === null) return { ...step, ...first };
  const again = `${about}\n\nYou wrote:\n${JSON.stringify(first)}\n\nIt cannot be taken: ${fault.message}\nAnswer with the whole step, mended.`;
  const second = { ...step, ...(await question('detail again', again)) };
  const other = faultOf(second, place);
  if (other !== null) throw other;
  return second;
}

/** What is wrong with the step by itself. */
function faultOf(step: FlatStep, { hosts }: AnswerPlace): DeckhandError | null {
  if (isOutline(step)) return invalid(step, 'a command has no text');
  if (step.states.length === 0) return invalid(step, 'states: it is empty');
  const alone = { ...step, hosts: [], dependsOn: [] };
  const done = [{ title: 'x', command: 'true', root: false, withinSeconds: null }];
  const whole = { goal: 'x', assumptions: [], runbook: null, parameters: [], steps: [alone], done };
  try {
    planFromAnswer(whole, { intent: 'x', hosts, runbooks: [] });
    return null;
  } catch (error) {
    if (error instanceof DeckhandError && error.code.startsWith('plan.')) return error;
    throw error;
  }
}

function invalid({ id }: FlatStep, fault: string): DeckhandError {
  return new DeckhandError('plan.invalid', `The model's step ${id} cannot be taken: ${fault}.`);
}

/** The step as if its commands were there, to see whether the rest of the plan stands. */
function filledIn(step: FlatStep): FlatStep {
  const states = step.states.map(state =>
    state.kind === 'command' && (state.command ?? '').trim() === ''
      ? { ...state, title: state.title ?? step.title, command: ':', creates: '/', unless: null }
      : state,
  );
  return { ...step, states };
}
