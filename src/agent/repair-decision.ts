import { z } from '../core/schema.ts';
import { FENCE_RULE } from './evidence.ts';
import { flatStepSchema } from './plan-answer.ts';

export const REPAIR_ACTIONS = ['retry', 'replace', 'insert', 'skip', 'replan', 'escalate', 'read'] as const;

/** What a model says about a step that failed. Flat, as `plan-answer.ts` says. */
export const repairDecisionSchema = z.object({
  action: z.enum(REPAIR_ACTIONS),
  reason: z.string().max(1000),
  /** `replace`: instead of the failed step; `insert`: before it. Else empty. */
  steps: z.array(flatStepSchema).max(10),
  /** `read`: which output, and from which character on. Else null. */
  readId: z.string().max(100).nullable(),
  readFrom: z.number().nullable(),
});
export type RepairDecision = z.infer<typeof repairDecisionSchema>;

export const REPAIR_INSTRUCTIONS = [
  'A step of a plan failed on a host. Decide one thing:',
  '- retry: nothing is wrong with the step; what stood in the way is gone or will be.',
  '- replace: `steps` do the same in another way, and stand for the failed step.',
  '- insert: `steps` are needed before the failed step, which is then tried again.',
  '- skip: the goal holds without it; `done` is asked all the same.',
  '- replan: the plan as a whole does not fit this host.',
  '- escalate: only a person can decide or give what is missing. Never widen permissions to avoid this.',
  '- read: you need more of an output; name its id in readId and the character to start from in readFrom.',
  'Steps have the form of the plan: typed states first, commands with `unless` or `creates`, checks that only look.',
  'What you propose is judged and may have to be approved. Nothing you say counts as success.',
  FENCE_RULE,
].join('\n');
