import { z } from '@hono/zod-openapi';
import type { PlanningRecord } from '../../core/planning-record.ts';
import { PLANNING_ROLES } from '../../core/planning-model.ts';
import type { Plan } from '../../core/plan.ts';
import type { RecordedRunbook, Replay, UndoPlan, UndoWish } from '../../core/run-remake.ts';
import { errorAnswer } from './answer-schemas.ts';
import { register, type RouteParts } from './operation.ts';
import * as requests from './request-schemas.ts';

/** Calls in one answer. */
const PAGE = 20;

const record = z
  .object({
    number: z.number(),
    role: z.enum(PLANNING_ROLES),
    model: z.string(),
    schemaName: z.string(),
    question: z.string().describe('SHA-256 of everything that was asked'),
    startedAt: z.number().describe('milliseconds since the epoch'),
    duration: z.number().describe('milliseconds'),
    instructions: z.string(),
    prompt: z.string(),
    turns: z.array(z.object({ answer: z.string(), fault: z.string().nullable() })),
    requests: z.number(),
    usage: z.object({
      promptTokens: z.number().nullable(),
      completionTokens: z.number().nullable(),
      cost: z.number().nullable(),
    }),
    tokens: z.number(),
    isWhole: z.boolean(),
    error: errorAnswer.shape.error.nullable(),
  })
  .openapi('PlanningRecord') satisfies z.ZodType<PlanningRecord>;
const runbook = z.object({
  name: z.string(),
  source: z.string(),
  parameters: z.array(z.object({ name: z.string(), type: z.string(), value: z.string() })),
}) satisfies z.ZodType<RecordedRunbook>;
const replay = z.object({
  run: z.string(),
  parts: z.array(
    z.object({
      host: z.string(),
      part: z.string(),
      recorded: z.string(),
      replayed: z.string(),
      same: z.boolean(),
    }),
  ),
  same: z.boolean(),
}) satisfies z.ZodType<Replay>;

const transcriptQuery = z.object({
  after: requests.integer.default(0).describe('only calls with a higher number'),
  limit: requests.integer.pipe(z.number().min(1).max(100)).default(PAGE),
});
/** As it is given to `agent.run`; what fits is checked there. */
const plan = z.custom<Plan>(value => typeof value === 'object' && value !== null).openapi({ type: 'object' });
const undo = z.object({
  plan,
  hosts: z.array(z.string()),
  uncovered: z.array(z.string()).describe('what cannot be taken back, a sentence each'),
}) satisfies z.ZodType<UndoPlan>;
const undoBody = z.strictObject({
  steps: z.array(z.string().min(1).max(64)).min(1).max(100).optional(),
  anyway: z.boolean().optional().describe('also what somebody else has changed since'),
});
function wishOf({ steps, anyway }: z.infer<typeof undoBody>): UndoWish {
  return { ...(steps ? { steps } : {}), ...(anyway === undefined ? {} : { anyway }) };
}
const recordBody = z.strictObject({ name: z.string().min(1).max(64).optional() });

/** What models said in a run, and what is made of it when it is over. */
export function registerRunRoutes(parts: RouteParts): void {
  register(parts, {
    id: 'transcript',
    method: 'get',
    path: '/v1/tasks/{id}/transcript',
    summary: 'The calls of planning models in a run, oldest first, secrets masked.',
    parameters: requests.id,
    query: transcriptQuery,
    answer: z.object({ records: z.array(record) }),
    carryOut: async ({ parameters, query, api }) => ({
      records: await api.transcript(parameters.id, query.after, query.limit),
    }),
  });
  register(parts, {
    id: 'recordRunbook',
    method: 'post',
    path: '/v1/tasks/{id}/runbook',
    summary: 'Makes a runbook of a run that was proved; it is answered, and kept nowhere.',
    parameters: requests.id,
    body: recordBody,
    answer: runbook,
    carryOut: async ({ parameters, body, api }) => await api.recordRunbook(parameters.id, body.name),
  });
  register(parts, {
    id: 'undoOfRun',
    method: 'post',
    path: '/v1/tasks/{id}/undo',
    summary: 'Says how a run is taken back, as a plan to be submitted; nothing is done by this.',
    parameters: requests.id,
    body: undoBody,
    answer: undo,
    carryOut: async ({ parameters, body, api }) => await api.undoOfRun(parameters.id, wishOf(body)),
  });
  register(parts, {
    id: 'replayRun',
    method: 'post',
    path: '/v1/tasks/{id}/replay',
    summary: 'Judges a run again from its recorded answers, without any host.',
    parameters: requests.id,
    answer: replay,
    carryOut: async ({ parameters, api }) => await api.replayRun(parameters.id),
  });
}
