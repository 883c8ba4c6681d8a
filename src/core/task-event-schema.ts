import { PLANNING_ROLES } from './planning-model.ts';
import { z } from './schema.ts';
import type { TaskEventBody } from './task-event.ts';
import { TASK_STATES } from './task-state.ts';

/**
 * The shape of every event, checked where it enters the engine and by tests at every hop after that.
 * Reports inside are checked no deeper than their object: they come from our own typed code.
 */
const text = z.string();
const report = z.looseObject({});
const host = { host: text };
const step = { ...host, stepId: text };
const asked = { number: z.number().int().min(1), role: z.enum(PLANNING_ROLES), model: text };
const progress = z.object({
  done: z.number().min(0),
  total: z.number().min(0).nullable(),
  unit: z.enum(['bytes', 'steps', 'hosts']),
  text,
});

const bodies = {
  'task-state': { state: z.enum(TASK_STATES), reason: text.optional(), error: report.optional() },
  'task-started': { claim: z.number().int(), executor: text },
  'claim-lost': { claim: z.number().int(), reason: text },
  'attempt-failed': { error: report, nextAt: z.number() },
  'run-begun': { ...host, runId: text },
  phase: { phase: text },
  progress: { progress },
  'cancel-asked': { force: z.boolean() },
  note: { text },
  'host-phase': { ...host, phase: text },
  'model-asked': asked,
  'model-answered': {
    ...asked,
    duration: z.number(),
    usage: report,
    requests: z.number().int(),
    repaired: z.boolean(),
    replayed: z.boolean(),
    error: report.optional(),
  },
  'plan-ready': { preview: report },
  'approval-requested': { hash: text, title: text, approval: text.optional() },
  'step-started': { ...step, title: text, index: z.number().int(), total: z.number().int() },
  'state-applying': { ...step, state: text },
  correction: {
    ...step,
    signature: text,
    title: text,
    diff: z.array(report),
    decision: z.enum(['run', 'approved', 'declined', 'refuse']),
    command: text,
    judged: report,
  },
  'step-completed': { ...step, outcome: text, report },
  decision: { ...step, action: text, reason: text },
  'needs-person': { approval: text, title: text, evidence: text, choices: z.array(text) },
  proof: { ...host, proof: report },
  'host-completed': { ...host, outcome: z.enum(['proved', 'failed']), error: report.optional() },
} satisfies Record<TaskEventBody['kind'], z.ZodRawShape>;

const envelope = {
  task: text.min(1),
  /** From 1, without gaps, in one task. */
  seq: z.number().int().min(1),
  attempt: z.number().int().min(1),
  time: z.iso.datetime(),
  requestId: text.min(1),
};

const shapes = Object.entries(bodies).map(([kind, shape]) => ({ kind: z.literal(kind), ...shape }));
type Member = z.ZodObject<{ kind: z.ZodLiteral<string> }>;
function oneOf(members: readonly object[]): z.ZodType {
  return z.discriminatedUnion('kind', members as unknown as readonly [Member, ...Member[]]);
}

/** What an executor reports: an event before the store numbers it. */
export const taskEventBodySchema = oneOf(shapes.map(shape => z.strictObject(shape)));
/** An event as stored, sent and printed. */
export const taskEventSchema = oneOf(shapes.map(shape => z.strictObject({ ...envelope, ...shape })));
