import { DeckhandError } from '../core/deckhand-error.ts';
import type { Plan } from '../core/plan.ts';
import type { PlanningRole } from '../core/planning-model.ts';
import type { z } from '../core/schema.ts';
import { detailSteps } from './detail-steps.ts';
import { type PlanAnswer, planAnswerSchema } from './plan-answer.ts';
import { type AnswerPlace, planFromAnswer } from './plan-from-answer.ts';
import { PLAN_INSTRUCTIONS } from './plan-prompt.ts';

/** One question to a model, under a name by which its answer is found again. */
export interface MindCall<Value> {
  readonly name: string;
  readonly role: PlanningRole;
  readonly instructions: string;
  readonly prompt: string;
  readonly schema: z.ZodType<Value>;
  readonly schemaName: string;
}
export type AskMind = <Value>(call: MindCall<Value>) => Promise<Value>;

const MENDABLE = new Set([
  'plan.invalid',
  'plan.empty',
  'plan.cyclic',
  'runbook.unknown',
  'plan.parameter-missing',
  'input.invalid',
]);

/**
 * A plan of a model's, the commands of its outlined steps asked for one by one. One that cannot be taken goes back once
 * with the fault named.
 * Throws `plan.invalid`, `plan.empty`, `plan.cyclic`, and what the model's server throws (`planner.…`).
 */
export async function planByModel(
  ask: AskMind,
  call: { readonly name: string; readonly prompt: string },
  place: AnswerPlace,
): Promise<Plan> {
  const question = async (name: string, prompt: string): Promise<PlanAnswer> =>
    await ask({
      name,
      role: 'plan',
      instructions: PLAN_INSTRUCTIONS,
      prompt,
      schema: planAnswerSchema,
      schemaName: 'plan',
    });
  const whole = async (name: string, answer: PlanAnswer): Promise<Plan> =>
    planFromAnswer(await detailSteps(ask, { ...call, name }, answer, place), place);
  const first = await question(call.name, call.prompt);
  const fault = await faultOf(async () => await whole(call.name, first));
  if (!(fault instanceof DeckhandError)) return fault;
  const told = `${call.prompt}\n\nYour plan was:\n${JSON.stringify(first)}\n\nIt cannot be taken: ${fault.message}\nAnswer with the whole plan, mended.`;
  const name = `${call.name} again`;
  return await whole(name, await question(name, told));
}

async function faultOf(make: () => Promise<Plan>): Promise<Plan | DeckhandError> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof DeckhandError && MENDABLE.has(error.code)) return error;
    throw error;
  }
}
