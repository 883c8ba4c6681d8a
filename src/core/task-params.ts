import type { ErrorRecord } from './deckhand-error.ts';
import type { Verdict } from './command-run.ts';
import { planSchema } from './plan.ts';
import type { PlanPreview, RunReport } from './run-report.ts';
import { z } from './schema.ts';

/** What each built-in kind of task takes and gives. Durations in milliseconds, sizes in bytes. */

const duration = z
  .number()
  .int()
  .min(0)
  .max(10 * 365 * 86_400_000);

export const executeParams = z.strictObject({
  /** POSIX sh text. */
  command: z.string().refine(text => text.trim() !== '', 'it is empty'),
  root: z.boolean().default(false),
  /** 0 = none; absent = the setting. */
  timeout: duration.optional(),
  idleTimeout: duration.optional(),
  /** Bytes of each stream the host keeps. */
  outputLimit: z
    .number()
    .int()
    .min(1024)
    .max(16 * 1024 ** 3)
    .optional(),
  /** True: straight on a channel; the command dies with the connection and is lost when nobody saw its end. */
  direct: z.boolean().default(false),
  /** A person's yes to what the policy asks about: the hash of the meaning (its beginning), and the risks taken. */
  approval: z
    .strictObject({
      hash: z.string().regex(/^[0-9a-f]{12,64}$/, '12 to 64 hexadecimal digits'),
      risks: z.array(z.string().max(40)).max(20).default([]),
    })
    .optional(),
});
export type ExecuteParams = z.infer<typeof executeParams>;

export interface ExecuteResult {
  readonly verdict: Verdict;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  readonly truncated: boolean;
  /** Milliseconds on the host. */
  readonly duration: number;
  readonly runId: string;
}

export const connectParams = z.strictObject({});
export interface ConnectResult {
  readonly ok: boolean;
  readonly stages: readonly {
    readonly name: 'reachable' | 'host key' | 'authentication' | 'shell';
    readonly ok: boolean;
    readonly latency: number | null;
    readonly text: string;
  }[];
  /** Set when a stage failed; the task then fails with it. */
  readonly error?: ErrorRecord;
}

export const factsParams = z.strictObject({ refresh: z.boolean().default(false) });
export interface FactsResult {
  readonly facts: Readonly<Record<string, unknown>>;
  /** Milliseconds since they were read. */
  readonly age: number;
}

export const hostDoctorParams = z.strictObject({});
export interface HostDoctorResult {
  readonly findings: readonly {
    readonly subject: string;
    readonly id: string;
    readonly status: 'ok' | 'warn' | 'fail';
    readonly message: string;
    readonly fix: string | null;
  }[];
}

/** What one run may use up; absent = no limit of its own. */
export const runBudget = z.strictObject({
  tokens: z.number().int().min(0).optional(),
  /** In the currency of the settings' prices. */
  cost: z.number().min(0).optional(),
  /** Commands that change something, on all hosts together. */
  commands: z.number().int().min(0).optional(),
  /** Milliseconds of work; while the run waits for an approval they do not pass. */
  time: duration.optional(),
});
export type RunBudget = z.infer<typeof runBudget>;

export const agentRunParams = z
  .strictObject({
    intent: z.string().max(10_000).optional(),
    plan: planSchema.optional(),
    parameters: z.record(z.string(), z.string()).default({}),
    runbook: z.string().optional(),
    /** Filled in from the submission's selector. */
    hosts: z.array(z.string()).min(1),
    /** `preview`: looks and says what would change; nothing is approved or changed. */
    mode: z.enum(['preview', 'run']),
    /** `ask`: waits for a person (state `waiting-approval`); `yes`: the submitter approves whatever comes; `none`: fails when something would change. */
    approve: z.enum(['ask', 'yes', 'none']).default('ask'),
    /** `steps`: also asks before each step, by a question to whoever follows. */
    confirm: z.enum(['plan', 'steps']).default('plan'),
    /** `off`: a known failure is explained, never corrected. */
    corrections: z.enum(['on', 'off']).default('on'),
    /** The model that plans, whatever runbook would fit; absent: a runbook that surely fits, else the settings' model. */
    model: z.string().min(1).max(200).optional(),
    /** What may run unasked, when that is to be stricter than the settings say. */
    policy: z.enum(['read-only', 'ask', 'auto', 'allow-list']).optional(),
    budget: runBudget.optional(),
    /** False: the request goes to the planner as it was written; absent: as the setting says. */
    improve: z.boolean().optional(),
    /** Requests before this one in the same talk, and what came of each: `it` may mean something of them. */
    earlier: z
      .array(z.strictObject({ intent: z.string().max(10_000), outcome: z.string().max(4000) }))
      .max(20)
      .optional(),
  })
  .refine(
    ({ intent, plan, runbook }) => intent !== undefined || plan !== undefined || runbook !== undefined,
    { message: 'give an intent, a plan or a runbook', path: ['intent'] },
  );
export type AgentRunParams = z.infer<typeof agentRunParams>;
/** One of them: the preview of `mode: 'preview'`, the report of a run that came to an end. */
export interface AgentRunResult {
  readonly preview?: PlanPreview;
  readonly report?: RunReport;
}
