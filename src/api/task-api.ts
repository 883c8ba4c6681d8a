import type { QueueStatistics, ScheduleView } from '../core/queue-view.ts';
import type { AccessApi } from './access-contract.ts';
import type { ChatApi } from './chat-contract.ts';
import type { FileApi } from './file-contract.ts';
import type { FolderApi } from './folder-contract.ts';
import type { StagingApi } from './staging-contract.ts';
import type { PolicyApi } from './policy-contract.ts';
import type { SettingsApi } from './settings-contract.ts';
import type { AttachedModel } from '../core/attached-model.ts';
import type { Deployment } from '../core/model-params.ts';
import type { OutputPiece, TaskEvent } from '../core/task-event.ts';
import type { TaskState } from '../core/task-state.ts';
import type { Approval, ApprovalWord, OnLost, RetryRule, Surroundings, TaskRecord } from '../core/task.ts';
import type { OversightApi } from './oversight-contract.ts';
import type { RunApi } from './run-contract.ts';
import type { TerminalApi } from './terminal-contract.ts';
import type { TunnelView } from './tunnel-contract.ts';
import type { WatchApi } from './watch-contract.ts';
import type { DoctorFinding, HostSummary, RunbookSummary, Selector, AddHostRequest } from './contract.ts';

/** A wish for work, as it comes in: checked field by field before anything is kept. */
export interface Submission {
  readonly kind: string;
  /** One task per selected host for kinds that work on one; kinds that work on several get the names. */
  readonly hosts?: Selector;
  readonly params: Readonly<Record<string, unknown>>;
  /** For the command's stdin; at most 16 MiB. */
  readonly input?: Uint8Array;
  readonly surroundings: Surroundings;
  readonly title?: string;
  readonly category?: string;
  readonly tags?: readonly string[];
  readonly priority?: number;
  readonly onLost?: OnLost;
  readonly retry?: Partial<RetryRule>;
  /** ISO 8601 or milliseconds since the epoch. */
  readonly runAfter?: string | number;
  /** Ids of tasks that must succeed first. */
  readonly after?: readonly string[];
  readonly onDependencyFailed?: 'skip' | 'run';
  readonly idempotencyKey?: string;
}

/** A task as surfaces see it: the record without input and surroundings. */
export type TaskView = Omit<TaskRecord, 'surroundings'>;

export interface Submitted {
  readonly group: string;
  readonly tasks: readonly TaskView[];
  /** True when an idempotency key was known: nothing new was made. */
  readonly existed: boolean;
}

/** What only a person can give while a task runs. Answers are never kept. */
export type Question = {
  readonly id: string;
  readonly task: string;
  readonly host: string;
} & (
  | { readonly ask: 'password'; readonly user: string }
  | { readonly ask: 'passphrase'; readonly keyFile: string }
  | { readonly ask: 'sudo-password' }
  | { readonly ask: 'accept-host-key'; readonly keyType: string; readonly fingerprint: string }
  | { readonly ask: 'clarify'; readonly question: string; readonly otherwise: string }
  | {
      readonly ask: 'approve-step';
      readonly hash: string;
      readonly stepId: string;
      readonly title: string;
      /** Set when a correction of the step is asked about: what it would do. */
      readonly correction?: string;
    }
);
/** Text for secrets, `yes` / `no` for host keys, `approve` / `skip` / `decline` for steps; null = cannot say. */
export type Answer = string | null;

/** What a follower gets, in order for each task. `cursor` goes on from there. */
export type FollowItem =
  | { readonly item: 'submitted'; readonly submitted: Submitted }
  | { readonly item: 'event'; readonly event: TaskEvent; readonly cursor: string }
  | {
      readonly item: 'output';
      readonly task: string;
      readonly attempt: number;
      readonly pieces: readonly OutputPiece[];
      readonly cursor: string;
    }
  | { readonly item: 'question'; readonly question: Question }
  | { readonly item: 'question-closed'; readonly id: string }
  /** A task reached a final state; nothing of it follows. */
  | { readonly item: 'ended'; readonly task: TaskView };

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** True: this follower can put questions to a person. */
  readonly answers?: boolean;
  /** Events and output after this point; absent = from the beginning. */
  readonly after?: string;
  /** True: ends when every task ended. Default true. */
  readonly untilEnded?: boolean;
}

export interface TaskQuery {
  readonly states?: readonly TaskState[];
  readonly kind?: string;
  readonly host?: string;
  readonly category?: string;
  readonly tag?: string;
  readonly group?: string;
  /** Default 100, at most 1 000. */
  readonly limit?: number;
  readonly cursor?: string;
}

export interface OutputPage {
  readonly pieces: readonly OutputPiece[];
  readonly next: string | null;
}

export interface QueueLimits {
  /** Tasks running at once in all. */
  readonly total: number;
  /** Tasks running at once on one host. */
  readonly perHost: number;
  readonly hosts: Readonly<Record<string, number>>;
}

export interface QueueHealth {
  readonly status: 'ok' | 'degraded' | 'paused';
  /** Why it is not ok, in words. */
  readonly problems: readonly string[];
  readonly version: string;
  readonly pid: number;
  readonly startedAt: string;
  readonly store: string;
  readonly executors: readonly {
    readonly name: string;
    readonly pid: number | null;
    readonly running: number;
    readonly crashes: number;
  }[];
  readonly counts: Readonly<Partial<Record<TaskState, number>>>;
  readonly limits: QueueLimits;
}

export interface NewSchedule {
  readonly name: string;
  /** Five-field cron, or `every 15m`. */
  readonly when: string;
  /** IANA name; default this machine's. */
  readonly timeZone?: string;
  readonly missed?: 'skip' | 'once';
  readonly submission: Submission;
}

export const REPORT_FORMS = ['markdown', 'html', 'json', 'csv', 'text'] as const;
export type ReportForm = (typeof REPORT_FORMS)[number];
/** Secrets of known forms are hidden in it. */
export interface Report {
  /** `task-….md`. */
  readonly name: string;
  /** `text/markdown`. */
  readonly type: string;
  readonly text: string;
}

/** Which ended tasks to remove. Everything given must hold. */
export interface RemoveRequest {
  readonly tasks?: readonly string[];
  readonly states?: readonly TaskState[];
  /** Ended longer ago, milliseconds. */
  readonly olderThan?: number;
  /** True: only says how many. */
  readonly dryRun: boolean;
  /** True: cancels what still runs first, by force. */
  readonly force?: boolean;
}

/**
 * All that a surface can ask of the engine, task by task: in-process it is the engine itself, over the
 * socket the client. Methods throw `DeckhandError`.
 */
export interface TaskApi
  extends ChatApi,
    WatchApi,
    OversightApi,
    AccessApi,
    FileApi,
    RunApi,
    FolderApi,
    StagingApi,
    SettingsApi,
    PolicyApi,
    TerminalApi,
    AsyncDisposable {
  submit(submission: Submission): Promise<Submitted>;
  /** Submits and follows: the first item is `submitted`, and no item is missed. */
  submitAndFollow(submission: Submission, options: FollowOptions): AsyncIterable<FollowItem>;
  /** A task id, or a group id for all tasks of one submission. */
  follow(id: string, options: FollowOptions): AsyncIterable<FollowItem>;
  /** False: the question is no longer open. */
  answer(task: string, question: string, answer: Answer): Promise<boolean>;

  tasks(query: TaskQuery): Promise<{ readonly tasks: readonly TaskView[]; readonly next: string | null }>;
  task(id: string): Promise<TaskView>;
  events(id: string, after: number, limit: number): Promise<readonly TaskEvent[]>;
  output(id: string, after: string | null, limit: number): Promise<OutputPage>;
  cancel(id: string, force: boolean): Promise<readonly TaskView[]>;
  pause(id: string): Promise<readonly TaskView[]>;
  resume(id: string): Promise<readonly TaskView[]>;
  /** New tasks for what did not succeed, linked to the old ones. */
  retry(id: string): Promise<Submitted>;
  /** What a run did and what proves it, told as a document. Throws `task.unknown`, `input.invalid` (it is no run). */
  report(id: string, form: ReportForm): Promise<Report>;
  remove(request: RemoveRequest): Promise<{ readonly count: number }>;

  approvals(state: Approval['state'] | null): Promise<readonly Approval[]>;
  /** `word`: what a run that does not know how to go on is told. */
  decide(approval: string, answer: 'approved' | 'declined', word?: ApprovalWord): Promise<TaskView>;

  /** By name, the newest of each. A new one is submitted: kind `ssh.tunnel`. */
  tunnels(): Promise<readonly TunnelView[]>;
  /** This and what follows throw `tunnel.unknown`. */
  tunnel(name: string): Promise<TunnelView>;
  /** Opens a stopped or ended one again; one that gave up tries again. */
  startTunnel(name: string): Promise<TunnelView>;
  /** Resolves when its listener is closed. */
  stopTunnel(name: string): Promise<TunnelView>;
  removeTunnel(name: string): Promise<void>;

  pauseQueue(): Promise<void>;
  resumeQueue(): Promise<void>;
  limits(): Promise<QueueLimits>;
  setLimits(limits: Partial<QueueLimits>): Promise<QueueLimits>;
  statistics(): Promise<QueueStatistics>;
  health(): Promise<QueueHealth>;
  schedules(): Promise<readonly ScheduleView[]>;
  addSchedule(schedule: NewSchedule): Promise<ScheduleView>;
  removeSchedule(id: string): Promise<void>;
  /** Model servers that were deployed from here, as they were last seen. */
  deployments(): Promise<readonly Deployment[]>;
  /** Model servers that somebody else runs and that were connected. */
  attachedModels(): Promise<readonly AttachedModel[]>;
  backup(file: string): Promise<{ readonly file: string; readonly bytes: number }>;

  listHosts(surroundings: Surroundings, selector: Selector | null): Promise<readonly HostSummary[]>;
  addHost(surroundings: Surroundings, request: AddHostRequest): Promise<{ readonly file: string }>;
  /**
   * Takes a host out of its `deckhand.yaml`; the OpenSSH configuration is never written. `remains`: that one names it
   * too. Throws `fleet.unknown-host`, `input.invalid` (it is only there).
   */
  removeHost(
    surroundings: Surroundings,
    name: string,
  ): Promise<{ readonly file: string; readonly remains: boolean }>;
  listRunbooks(surroundings: Surroundings): Promise<readonly RunbookSummary[]>;
  showRunbook(
    surroundings: Surroundings,
    name: string,
  ): Promise<{ readonly summary: RunbookSummary; readonly source: string }>;
  /** Of this machine and of the store; hosts are asked by tasks of kind `host.doctor`. */
  doctor(surroundings: Surroundings): Promise<readonly DoctorFinding[]>;
}
