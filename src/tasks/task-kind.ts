import type { Improved } from '../agent/improve.ts';
import type { AttachedModel } from '../core/attached-model.ts';
import type { Clock } from '../core/clock.ts';
import type { OutputStream } from '../core/command-run.ts';
import type { KnownModelServers } from '../core/known-models.ts';
import type { Deployment } from '../core/model-params.ts';
import type { PlanningModel } from '../core/planning-model.ts';
import type { z } from '../core/schema.ts';
import type { TaskEventBody } from '../core/task-event.ts';
import type { Approval, OnLost, Progress, RetryRule, TaskRecord } from '../core/task.ts';
import type { Outcome } from '../queue/executor-protocol.ts';
import type { AuditedDecision } from '../store/store.ts';
import type { HostAccess } from './host-access.ts';

/** A question without id and task: who is asked adds them. */
export type Asked = { readonly ask: string; readonly host: string } & Readonly<Record<string, string>>;

/** Why a claim must let go of what it does, leaving it as it is on the host. */
export type LeaveReason = 'paused' | 'left' | 'fenced';

/** Which model is to plan. */
export interface PlanningWish {
  /** Absent: the one of the settings, or of each role there. */
  readonly model?: string;
  readonly signal: AbortSignal;
}

/** What a planning model needs of the claim it plans for: what was said is kept there. */
export interface PlanningRun
  extends Pick<TaskWork<unknown>, 'task' | 'steps' | 'clock' | 'emit' | 'remember'> {
  /** What the engine knows now. Throws when it cannot say. */
  readonly knownModels: () => Promise<KnownModelServers>;
}

/** What a kind works with while it carries out one claim. */
export interface TaskWork<Params> {
  readonly task: TaskRecord;
  readonly params: Params;
  readonly input: Uint8Array | null;
  /** Bytes of output kept already, of this attempt. */
  readonly seen: { readonly stdout: number; readonly stderr: number };
  /** What earlier claims of this task remembered by `remember`. */
  readonly steps: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** What persons approved for this task, oldest first. */
  readonly approved: readonly Approval[];
  readonly hosts: HostAccess;
  readonly clock: Clock;
  /** Aborted when the task is cancelled: stop the work on the host and prove it. */
  readonly cancel: AbortSignal;
  /** Aborted when a forced cancel no longer waits for proof. */
  readonly force: AbortSignal;
  /** Aborted, its reason a `LeaveReason`, when the claim must let go. */
  readonly leave: AbortSignal;
  /** What to do on the host before a pause counts as done; without it the claim only lets go. */
  readonly onPause: (pause: () => Promise<void>) => void;
  readonly emit: (body: TaskEventBody) => void;
  /** Resolves when there is room for more: wait for it. */
  readonly output: (stream: OutputStream, bytes: Uint8Array) => Promise<void> | undefined;
  readonly progress: (progress: Progress) => void;
  readonly phase: (phase: string) => void;
  /** Kept before it resolves: from here on the attempt is only looked for on the host, not begun again. */
  readonly begin: (host: string, runId: string) => Promise<void>;
  /** Kept before it resolves; `steps` has it in the next claim. */
  readonly remember: (name: string, output: Readonly<Record<string, unknown>>) => Promise<void>;
  /** A model server serves, or is gone: kept before it resolves. */
  readonly deployed: (deployment: Deployment) => Promise<void>;
  readonly undeployed: (host: string, name: string) => Promise<void>;
  /** A model server of somebody else's is known, or no longer: kept before it resolves. */
  readonly attached: (attached: AttachedModel) => Promise<void>;
  readonly detached: (host: string, name: string) => Promise<void>;
  /** Counts a use of an approval once for each `step`, which `steps` has in the next claim. */
  readonly useApproval: (approval: string, step: string) => Promise<void>;
  /** In the chained audit log before it resolves. */
  readonly audit: (entry: AuditedDecision) => Promise<void>;
  /** Null: nobody can answer. */
  readonly ask: (question: Asked) => Promise<string | null>;
  /** Null: the settings name none. Throws `planner.unknown` naming those that are known. */
  readonly planningModel: (wish: PlanningWish) => Promise<PlanningModel | null>;
  /** A request made clear by what the person has installed for it; null: there is nothing, and our own stage does it. */
  readonly improvedElsewhere: (request: string, wish: PlanningWish) => Promise<Improved | null>;
}

/** What a plug-in adds: a name, a schema, what it may touch, and how it is carried out. */
export interface TaskKind<Schema extends z.ZodType = z.ZodType> {
  /** `area.verb`, as in `ssh.execute`. */
  readonly name: string;
  /** One sentence for people. */
  readonly description: string;
  readonly schema: Schema;
  /** One task for each selected host; all hosts in one task, their names in `params.hosts`; or none. */
  readonly hosts: 'each' | 'together' | 'none';
  readonly category: string;
  /** What a caller must be allowed to do: look at hosts, change them, or decide for others. */
  readonly permission: 'read' | 'change' | 'administer';
  readonly onLost: OnLost;
  readonly retry: RetryRule;
  /** True: it lives until it is stopped, so it takes no slot of the queue. */
  readonly resident?: boolean;
  /** One line for lists; never a secret. */
  title(params: z.output<Schema>, host: string | null): string;
  /** Parameters for a retry: only what did not succeed. Absent: all of it. */
  retryParams?(params: z.output<Schema>, result: Readonly<Record<string, unknown>> | null): z.output<Schema>;
  /** Throws DeckhandError for a failure; anything else thrown is a defect and fails the task. */
  run(work: TaskWork<z.output<Schema>>): Promise<Outcome>;
}

export const NO_RETRY: RetryRule = { limit: 0, pause: 1000, longestPause: 300_000 };
