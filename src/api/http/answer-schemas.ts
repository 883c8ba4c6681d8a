import type { ScheduleView } from '../../core/queue-view.ts';
import { accessAnswers, fileAnswers } from './access-answers.ts';
import { chatAnswers } from './chat-answers.ts';
import { z } from '@hono/zod-openapi';
import type { ErrorRecord } from '../../core/deckhand-error.ts';
import type { ErrorCode } from '../../core/error-table.ts';
import { attachedModelSchema } from '../../core/attached-model.ts';
import { deployedEngines, type Deployment, deployParams } from '../../core/model-params.ts';
import { TASK_STATES } from '../../core/task-state.ts';
import { HEALTH_STATES } from '../../core/tunnel.ts';
import type { Approval } from '../../core/task.ts';
import type { DoctorFinding, HostSummary, RunbookSummary } from '../contract.ts';
import type { QueueLimits, TaskView } from '../task-api.ts';
import type { TunnelView } from '../tunnel-contract.ts';
import type { OutputLine } from '../watch-contract.ts';

/**
 * Answers, for the description of the API. `satisfies` keeps them equal to the contract: a field that
 * changes there no longer compiles here.
 */

const json = z.record(z.string(), z.unknown());
const time = z.number().int().describe('milliseconds since the epoch');

const errorRecord = z
  .object({
    code: z.string() as unknown as z.ZodType<ErrorCode>,
    message: z.string(),
    hint: z.string(),
    retryable: z.boolean(),
    details: json,
  })
  .openapi('Error') satisfies z.ZodType<ErrorRecord>;
export const errorAnswer = z.object({ error: errorRecord });

export const taskState = z.enum(TASK_STATES).openapi('TaskState');

const taskView = z
  .object({
    id: z.string(),
    group: z.string(),
    kind: z.string(),
    host: z.string().nullable(),
    params: json,
    title: z.string(),
    category: z.string(),
    tags: z.array(z.string()),
    priority: z.number(),
    onLost: z.enum(['hold', 'retry']),
    retry: z.object({ limit: z.number(), pause: z.number(), longestPause: z.number() }),
    dependsOn: z.array(z.string()),
    onDependencyFailed: z.enum(['skip', 'run']),
    idempotencyKey: z.string().nullable(),
    retryOf: z.string().nullable(),
    requestId: z.string(),
    state: taskState,
    phase: z.string().nullable(),
    runAfter: time,
    attempt: z.number(),
    claim: z.number(),
    crashes: z.number(),
    begun: z.boolean(),
    cancelAsked: z.enum(['no', 'cancel', 'force']),
    pauseAsked: z.boolean(),
    progress: z
      .object({
        done: z.number(),
        total: z.number().nullable(),
        unit: z.enum(['bytes', 'steps', 'hosts']),
        text: z.string(),
      })
      .nullable(),
    result: json.nullable(),
    error: errorRecord.nullable(),
    createdAt: time,
    startedAt: time.nullable(),
    finishedAt: time.nullable(),
    lastSeq: z.number(),
  })
  .openapi('Task') satisfies z.ZodType<TaskView>;

const submitted = z
  .object({ group: z.string(), tasks: z.array(taskView), existed: z.boolean() })
  .openapi('Submitted');
const event = z
  .looseObject({
    kind: z.string(),
    task: z.string(),
    seq: z.number(),
    attempt: z.number(),
    time: z.string().describe('ISO 8601'),
    requestId: z.string(),
  })
  .openapi('TaskEvent');
const piece = z
  .object({
    stream: z.enum(['stdout', 'stderr']),
    at: z.number().describe('bytes of this stream before it, in this attempt'),
    bytes: z.string().describe('base64'),
  })
  .openapi('OutputPiece');

const approval = z
  .object({
    id: z.string(),
    task: z.string(),
    hash: z.string(),
    title: z.string(),
    state: z.enum(['open', 'approved', 'declined', 'expired']),
    askedAt: time,
    expiresAt: time,
    decidedBy: z.string().nullable(),
    decidedAt: time.nullable(),
    kind: z.enum(['plan', 'escalation']),
    about: z.record(z.string(), z.unknown()),
    choice: z.enum(['continue', 'skip']).nullable(),
    note: z.string().nullable(),
    uses: z.number(),
    validUntil: time.nullable(),
  })
  .openapi('Approval') satisfies z.ZodType<Approval>;

const limits = z
  .object({ total: z.number(), perHost: z.number(), hosts: z.record(z.string(), z.number()) })
  .openapi('QueueLimits') satisfies z.ZodType<QueueLimits>;
const counts = z.partialRecord(taskState, z.number());
const ended = z.object({ finished: z.number(), failed: z.number() });

const statistics = z
  .object({
    byState: counts,
    successRate: z.number().nullable(),
    duration: z.object({ mean: z.number(), p50: z.number(), p95: z.number(), p99: z.number() }).nullable(),
    retries: z.number(),
    errorsByCode: z.record(z.string(), z.number()),
    lastHour: ended,
    lastDay: ended,
  })
  .openapi('QueueStatistics');
const health = z
  .object({
    status: z.enum(['ok', 'degraded', 'paused']),
    problems: z.array(z.string()),
    version: z.string(),
    pid: z.number(),
    startedAt: z.string(),
    store: z.string(),
    executors: z.array(
      z.object({
        name: z.string(),
        pid: z.number().nullable(),
        running: z.number(),
        crashes: z.number(),
      }),
    ),
    counts,
    limits,
  })
  .openapi('QueueHealth');
const listen = z.union([z.object({ path: z.string() }), z.object({ host: z.string(), port: z.number() })]);
const deployment = z
  .object({
    host: z.string(),
    name: z.string(),
    engine: z.enum(deployedEngines),
    version: z.string(),
    release: z.string(),
    previous: z.string().nullable(),
    model: z.object({ sha256: z.string(), size: z.number(), name: z.string(), file: z.string() }).nullable(),
    context: z.number(),
    service: z.enum(['system', 'user', 'detached']),
    folder: z.string(),
    listen,
    keyFile: z.string(),
    params: deployParams,
    deployedAt: time,
  })
  .openapi('Deployment') satisfies z.ZodType<Deployment>;
const schedule = z
  .object({
    id: z.string(),
    name: z.string(),
    when: z.string(),
    timeZone: z.string(),
    missed: z.enum(['skip', 'once']),
    enabled: z.boolean(),
    nextAt: z.string().nullable(),
    lastAt: z.string().nullable(),
    kind: z.string(),
    hosts: z.string().nullable(),
  })
  .openapi('Schedule') satisfies z.ZodType<ScheduleView>;

const host = z
  .object({
    name: z.string(),
    source: z.string(),
    groups: z.array(z.string()),
    address: z.string().nullable(),
  })
  .openapi('Host') satisfies z.ZodType<HostSummary>;
const runbook = z
  .object({
    name: z.string(),
    title: z.string(),
    parameters: z.array(
      z.object({
        name: z.string(),
        type: z.string(),
        required: z.boolean(),
        default: z.string().nullable(),
        description: z.string(),
      }),
    ),
    examples: z.array(z.string()),
  })
  .openapi('Runbook') satisfies z.ZodType<RunbookSummary>;
const finding = z
  .object({
    subject: z.string(),
    id: z.string(),
    status: z.enum(['ok', 'warn', 'fail']),
    message: z.string(),
    fix: z.string().nullable(),
  })
  .openapi('Finding') satisfies z.ZodType<DoctorFinding>;

const endpoint = z.union([
  z.object({ host: z.string(), port: z.number() }),
  z.object({ path: z.string().describe('of a unix socket') }),
]);
const tunnel = z
  .object({
    name: z.string(),
    host: z.string(),
    forward: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('local'), listen: endpoint, target: endpoint }),
      z.object({ kind: z.literal('remote'), listen: endpoint, target: endpoint }),
      z.object({ kind: z.literal('dynamic'), listen: endpoint }),
    ]),
    state: z.enum(['starting', 'up', 'down', 'needs-attention', 'stopped', 'ended']),
    task: z.string(),
    status: z
      .object({
        link: z.enum(['connecting', 'up', 'down', 'needs-attention', 'closed']),
        linkSince: time,
        listening: endpoint.nullable(),
        health: z.object({
          state: z.enum(HEALTH_STATES),
          since: time,
          latency: z.number().nullable().describe('milliseconds'),
          text: z.string(),
        }),
        statistics: z.object({
          sent: z.number().describe('bytes'),
          received: z.number().describe('bytes'),
          open: z.number(),
          total: z.number(),
          held: z.number(),
          heldEver: z.number(),
          failed: z.number(),
          reconnects: z.number(),
        }),
        lastError: errorRecord.nullable(),
        history: z.array(
          z.object({
            time,
            what: z.enum(['link', 'health']),
            state: z.enum([...HEALTH_STATES, 'connecting', 'up', 'needs-attention', 'closed']),
            text: z.string(),
          }),
        ),
        at: time,
      })
      .nullable(),
    error: errorRecord.nullable(),
  })
  .openapi('Tunnel') satisfies z.ZodType<TunnelView>;

const followItem = z
  .looseObject({
    item: z.enum(['submitted', 'event', 'output', 'question', 'question-closed', 'ended']),
  })
  .describe(
    'Each message: `event` is the kind of item, `data` the item as JSON, `id` the cursor to go on from.',
  )
  .openapi('FollowItem');

const line = z
  .object({
    number: z.number(),
    stream: z.enum(['stdout', 'stderr']),
    text: z.string().describe('as the host wrote it, escape sequences among it'),
    cut: z.number().describe('characters left out at its end'),
    time,
    open: z.boolean(),
  })
  .openapi('OutputLine') satisfies z.ZodType<OutputLine>;
const change = z
  .looseObject({ item: z.enum(['hello', 'tasks', 'many', 'lines', 'alive']) })
  .openapi('Change');

/** By what they answer. */
export const answers = {
  ...chatAnswers,
  ...accessAnswers,
  ...fileAnswers,
  nothing: z.object({}),
  tunnel,
  tunnels: z.object({ tunnels: z.array(tunnel) }),
  submitted,
  fetching: z.object({ id: z.string(), submitted }),
  followItem,
  task: taskView,
  tasks: z.object({ tasks: z.array(taskView) }),
  taskPage: z.object({ tasks: z.array(taskView), next: z.string().nullable() }),
  events: z.object({ events: z.array(event) }),
  output: z.object({ pieces: z.array(piece), next: z.string().nullable() }),
  accepted: z.object({ accepted: z.boolean().describe('false: the question is no longer open') }),
  count: z.object({ count: z.number() }),
  change,
  lines: z.object({
    attempt: z.number(),
    total: z.number(),
    lines: z.array(line),
    next: z.number().nullable().describe('where a search goes on'),
  }),
  approvals: z.object({ approvals: z.array(approval) }),
  limits,
  statistics,
  health,
  schedule,
  deployments: z.object({ deployments: z.array(deployment) }),
  attachedModels: z.object({ attached: z.array(attachedModelSchema) }),
  schedules: z.object({ schedules: z.array(schedule) }),
  backup: z.object({ file: z.string(), bytes: z.number() }),
  file: z.object({ file: z.string() }),
  removedHost: z.object({
    file: z.string(),
    remains: z.boolean().describe('the OpenSSH configuration names it too'),
  }),
  report: z.object({ name: z.string(), type: z.string(), text: z.string() }),
  hosts: z.object({ hosts: z.array(host) }),
  runbooks: z.object({ runbooks: z.array(runbook) }),
  runbook: z.object({ summary: runbook, source: z.string() }),
  findings: z.object({ findings: z.array(finding) }),
};
