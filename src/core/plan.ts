import { DeckhandError } from './deckhand-error.ts';
import { z } from './schema.ts';
import { stateSchema } from './state.ts';

/** A fact that must be true on the host, asked by Deckhand itself. Read-only POSIX sh. */
export const checkSchema = z.strictObject({
  /** What holds when the check passes, as a sentence: `http://127.0.0.1:8080/ answers with hello`. */
  title: z.string().min(1).max(300),
  /** POSIX sh; exit 0 = holds. Its output is evidence in the report. */
  script: z.string().min(1).max(20_000),
  privilege: z.enum(['user', 'root']).default('user'),
  /** Seconds to keep asking until it holds; 0 = once. */
  within: z.number().min(0).max(600).default(0),
});
export type Check = z.infer<typeof checkSchema>;

export const stepSchema = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/),
  title: z.string().min(1).max(300),
  dependsOn: z.array(z.string()).default([]),
  states: z.array(stateSchema).min(1),
  /** Checks beyond those that follow from the states. */
  checks: z.array(checkSchema).default([]),
  /** Seconds. */
  timeout: z.number().min(1).max(86_400).default(600),
  /** Hosts of the run that this step is for; absent = all of them. */
  hosts: z.array(z.string()).min(1).optional(),
  /** Must hold before anything of the step is done. */
  prerequisites: z.array(checkSchema).max(20).optional(),
  /** POSIX sh that takes the step's commands back; what typed states change is kept and needs none. */
  undo: z.string().min(1).max(20_000).optional(),
  /** Of steps that could begin, the higher one does first. */
  priority: z.number().int().min(0).max(100).optional(),
  /** Seconds it will take, as its author thinks; nothing depends on it. */
  estimate: z.number().min(0).max(86_400).optional(),
  /** Why it is there, for whoever approves it. */
  why: z.string().max(1000).optional(),
  /** A model wrote it: it is trusted less. Absent = a person, or a runbook's author. */
  madeBy: z.literal('model').optional(),
});
export type Step = z.infer<typeof stepSchema>;

export const planSchema = z
  .strictObject({
    intent: z.string().max(4000),
    goal: z.string().min(1).max(1000),
    assumptions: z.array(z.string()).default([]),
    runbook: z
      .strictObject({ name: z.string(), confidence: z.number().min(0).max(1) })
      .nullable()
      .default(null),
    parameters: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]))
      .default({}),
    steps: z.array(stepSchema).max(60),
    postconditions: z.array(checkSchema).default([]),
    /** True: the run prints what it found (a listing, a bundle) as its answer. */
    report: z.array(checkSchema).default([]),
    /** A model wrote the post-conditions. */
    madeBy: z.literal('model').optional(),
    /** Why a person must see this plan before it runs, whatever was allowed beforehand. */
    doubts: z.array(z.string().max(500)).max(100).optional(),
  })
  .superRefine((plan, context) => {
    const path = zeroByteIn(plan, []);
    if (path) context.addIssue({ code: 'custom', path: [...path], message: 'it holds a zero byte' });
  });
export type Plan = z.infer<typeof planSchema>;

/** Where a text is that no shell takes, and that reads differently wherever it is cut off; what is in files may be anything. */
function zeroByteIn(value: unknown, path: readonly PropertyKey[]): readonly PropertyKey[] | null {
  if (typeof value === 'string') return value.includes('\0') && path.at(-1) !== 'content' ? path : null;
  if (typeof value !== 'object' || value === null) return null;
  for (const [name, inner] of Object.entries(value)) {
    const found = zeroByteIn(inner, [...path, Array.isArray(value) ? Number(name) : name]);
    if (found) return found;
  }
  return null;
}

/** The steps of a plan for one host, in the order of the run; what waits for steps of other hosts does not wait. */
export function stepsOf(plan: Pick<Plan, 'steps'>, host: string): readonly Step[] {
  const mine = orderSteps(plan).filter(({ hosts }) => hosts === undefined || hosts.includes(host));
  const ids = new Set(mine.map(({ id }) => id));
  return mine.map(step => ({ ...step, dependsOn: step.dependsOn.filter(id => ids.has(id)) }));
}

/**
 * Steps in an order that respects their dependencies (stable: file order where free).
 * Throws `plan.empty`, `plan.invalid` (unknown or doubled id) or `plan.cyclic`.
 */
export function orderSteps(plan: Pick<Plan, 'steps'>): readonly Step[] {
  if (plan.steps.length === 0) throw new DeckhandError('plan.empty', 'The plan has no steps.');
  const byId = new Map(plan.steps.map(step => [step.id, step]));
  if (byId.size !== plan.steps.length)
    throw new DeckhandError('plan.invalid', 'steps: two steps share one id.');
  const done = new Set<string>();
  const path: string[] = [];
  const ordered: Step[] = [];
  const visit = (step: Step): void => {
    if (done.has(step.id)) return;
    if (path.includes(step.id)) {
      throw new DeckhandError('plan.cyclic', `Steps wait for each other: ${[...path, step.id].join(' → ')}.`);
    }
    path.push(step.id);
    for (const id of step.dependsOn) {
      const dependency = byId.get(id);
      if (!dependency) {
        throw new DeckhandError('plan.invalid', `steps.${step.id}.dependsOn: there is no step '${id}'.`);
      }
      visit(dependency);
    }
    path.pop();
    done.add(step.id);
    ordered.push(step);
  };
  for (const step of plan.steps) visit(step);
  return ordered;
}
