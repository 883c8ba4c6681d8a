import type { Verdict } from '../core/command-run.ts';
import type { ErrorRecord } from '../core/deckhand-error.ts';
import type { Plan } from '../core/plan.ts';
import type { OnEvent } from '../core/run-event.ts';
import type { RunBudget } from '../core/task-params.ts';
import type { PlanPreview, RunReport } from '../core/run-report.ts';
import type { ModelApi } from './model-contract.ts';
import type { TransferApi } from './transfer-contract.ts';
import type { TunnelApi } from './tunnel-contract.ts';

export type * from './model-contract.ts';
export type * from './transfer-contract.ts';
export type * from './tunnel-contract.ts';

/** Every call takes these: how to stop it, and who watches. */
export interface CallOptions {
  readonly signal: AbortSignal;
  readonly onEvent?: OnEvent;
  /** Asked before anything changes (and before each step under `confirm: 'steps'`). Absent: nobody approves. */
  readonly approve?: (request: ApprovalRequest) => Promise<ApprovalAnswer>;
  /** Asked when a run does not know further. Absent: it waits for an answer from elsewhere. */
  readonly needsPerson?: (request: PersonRequest) => Promise<PersonAnswer>;
}

/** A run that does not know how to go on. */
export interface PersonRequest {
  readonly approval: string;
  readonly title: string;
  /** Sanitised and bounded. */
  readonly evidence: string;
}
/** `skip` goes on without the step that failed. */
export interface PersonAnswer {
  readonly choice: 'continue' | 'skip' | 'abort';
  readonly note?: string;
}

export interface ApprovalRequest {
  /** sha256 over hosts, steps and effects: what the approval is bound to. */
  readonly hash: string;
  readonly title: string;
  readonly preview: PlanPreview;
  /** Set when one step is asked about. */
  readonly stepId?: string;
  readonly host?: string;
  /** Set when a correction of that step is asked about: what it would do. */
  readonly correction?: string;
}
/** `skip` leaves a step out (its dependants do not run); `decline` stops the run. */
export type ApprovalAnswer = 'approve' | 'skip' | 'decline';

/** Names, patterns, `@group`, `!host`, comma separated; see `fleet/`. */
export type Selector = string;

export interface ExecRequest {
  readonly hosts: Selector;
  /** POSIX sh text. */
  readonly command: string;
  readonly stdin?: Uint8Array;
  readonly root: boolean;
  /** Milliseconds; absent = the setting, 0 = none. */
  readonly timeout?: number;
  readonly idleTimeout?: number;
  /** Most bytes kept of each stream. */
  readonly outputLimit?: number;
  /** True: straight on a channel, without the holder. */
  readonly direct: boolean;
  /** A yes to what the policy asks about: hash of the meaning, risks taken. */
  readonly approval?: { readonly hash: string; readonly risks: readonly string[] };
}

export interface ExecHostResult {
  readonly host: string;
  /** The task that did it, where there is one. */
  readonly task?: string;
  readonly verdict: Verdict | 'error';
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  readonly truncated: boolean;
  /** Milliseconds. */
  readonly duration: number;
  readonly runId: string | null;
  readonly error?: ErrorRecord;
}
export interface ExecReport {
  readonly results: readonly ExecHostResult[];
}

/** What to plan: an intent in plain language, or a finished plan. */
export interface PlanRequest {
  readonly hosts: Selector;
  readonly intent?: string;
  readonly plan?: Plan;
  /** Runbook parameters given by the person; they win over what was read from the intent. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Runs this runbook without matching. */
  readonly runbook?: string;
  /** This model plans, whatever runbook would fit. */
  readonly model?: string;
  /** What may run unasked, when that is to be stricter than the settings say. */
  readonly policy?: 'read-only' | 'ask' | 'auto' | 'allow-list';
  readonly budget?: RunBudget;
  /** False: the request goes to the planner as it is written. */
  readonly improve?: boolean;
  /** Requests before this one in the same talk, and what came of each. */
  readonly earlier?: readonly { readonly intent: string; readonly outcome: string }[];
}
export interface RunRequest extends PlanRequest {
  readonly confirm: 'plan' | 'steps';
  /** True: whoever asks approves the plan, whatever it will be; nobody is asked. */
  readonly approved?: boolean;
  /** False: a known failure is explained, never corrected. Default: true. */
  readonly corrections?: boolean;
}

export interface HostSummary {
  readonly name: string;
  readonly source: string;
  readonly groups: readonly string[];
  readonly address: string | null;
}
export interface HostTest {
  readonly host: string;
  readonly ok: boolean;
  readonly stages: readonly {
    readonly name: 'reachable' | 'host key' | 'authentication' | 'shell';
    readonly ok: boolean;
    /** Milliseconds; null where it was not reached. */
    readonly latency: number | null;
    readonly text: string;
  }[];
  readonly error?: ErrorRecord;
}
export interface HostFacts {
  readonly host: string;
  /** Plain JSON; see `fleet/facts.ts`. Null when they could not be read. */
  readonly facts: Readonly<Record<string, unknown>> | null;
  /** Milliseconds since they were read. */
  readonly age: number;
  readonly error?: ErrorRecord;
}
export interface AddHostRequest {
  readonly name: string;
  readonly address: string;
  readonly user?: string;
  readonly port?: number;
  readonly identityFile?: string;
  readonly groups?: readonly string[];
}
export interface RunbookSummary {
  readonly name: string;
  readonly title: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly type: string;
    readonly required: boolean;
    readonly default: string | null;
    readonly description: string;
  }[];
  readonly examples: readonly string[];
}
export interface DoctorFinding {
  readonly subject: string;
  readonly id: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly message: string;
  readonly fix: string | null;
}

/** Everything a surface can ask of Deckhand. Methods throw `DeckhandError`; per-host failures are data. */
export interface DeckhandApi extends TransferApi, ModelApi, TunnelApi, AsyncDisposable {
  exec(request: ExecRequest, options: CallOptions): Promise<ExecReport>;
  plan(request: PlanRequest, options: CallOptions): Promise<PlanPreview>;
  run(request: RunRequest, options: CallOptions): Promise<RunReport>;
  listHosts(selector: Selector | null): Promise<readonly HostSummary[]>;
  addHost(request: AddHostRequest): Promise<{ readonly file: string }>;
  testHosts(selector: Selector, options: CallOptions): Promise<readonly HostTest[]>;
  hostFacts(selector: Selector, refresh: boolean, options: CallOptions): Promise<readonly HostFacts[]>;
  listRunbooks(): Promise<readonly RunbookSummary[]>;
  showRunbook(name: string): Promise<{ readonly summary: RunbookSummary; readonly source: string }>;
  doctor(selector: Selector | null, options: CallOptions): Promise<readonly DoctorFinding[]>;
}

/** What only a person can give, asked when needed; null = nobody can answer. Never stored. */
export interface PersonPrompts {
  readonly password?: (host: string, user: string) => Promise<string | null>;
  readonly passphrase?: (keyFile: string) => Promise<string | null>;
  readonly sudoPassword?: (host: string) => Promise<string | null>;
  readonly acceptHostKey?: (
    host: string,
    key: { readonly type: string; readonly fingerprint: string },
  ) => Promise<boolean>;
  /** What a request leaves open; null = `otherwise` is taken. */
  readonly clarify?: (question: string, otherwise: string) => Promise<string | null>;
}
