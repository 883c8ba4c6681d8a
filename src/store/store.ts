import type { QueueStatistics } from '../core/queue-view.ts';
import type { Conversation, KeptMessage, NewMessage } from '../core/chat.ts';
import type { ErrorRecord } from '../core/deckhand-error.ts';
import type { AttachedModel } from '../core/attached-model.ts';
import type { Deployment } from '../core/model-params.ts';
import type { OutputPiece, TaskEvent, TaskEventBody } from '../core/task-event.ts';
import type { TaskState } from '../core/task-state.ts';
import type { Approval, ApprovalWord, NewTask, Progress, TaskRecord } from '../core/task.ts';
import type { NewAuditRecord } from './audit-log.ts';

/** A task's id and the number of its claim: what an older claim reports is refused. */
export interface Fence {
  readonly task: string;
  readonly claim: number;
}

/** How the work of one claim ended. */
export type Settlement =
  | { readonly to: 'succeeded'; readonly result: Readonly<Record<string, unknown>> }
  | {
      readonly to: 'failed' | 'cancelled' | 'lost';
      readonly error: ErrorRecord;
      readonly result?: Readonly<Record<string, unknown>>;
    }
  /** A new attempt at `at`. */
  | { readonly to: 'repeat'; readonly at: number; readonly error: ErrorRecord }
  /** The same attempt goes on later: by itself, when resumed, when approved. */
  | {
      readonly to: 'delayed';
      readonly at: number;
      readonly reason: string;
      readonly error?: ErrorRecord;
      /** True: it is the cancel that could not be carried out yet; it is not tried again before `at`. */
      readonly cancelling?: boolean;
    }
  /** `crashed`: counts against the task; otherwise its count begins anew. */
  | { readonly to: 'queued'; readonly reason: string; readonly crashed: boolean }
  | { readonly to: 'paused' }
  | { readonly to: 'waiting-approval'; readonly approval: NewApproval };

export type NewApproval = Pick<
  Approval,
  'id' | 'hash' | 'title' | 'expiresAt' | 'kind' | 'about' | 'uses'
> & {
  /** Milliseconds that a yes holds. */
  readonly validFor: number;
};

/** What was refused, asked or approved, without who and when. */
export type AuditedDecision = Omit<NewAuditRecord, 'time' | 'who' | 'requestId'>;

/** What a running claim tells the store. Each is fenced. */
export type ClaimWrite = Fence &
  (
    | { readonly write: 'event'; readonly body: TaskEventBody }
    /** Output in order of arrival; at most 64 KiB together. */
    | { readonly write: 'output'; readonly pieces: readonly OutputPiece[] }
    | { readonly write: 'progress'; readonly progress: Progress }
    | { readonly write: 'phase'; readonly phase: string }
    /** Something is about to begin on a host under this run id. */
    | { readonly write: 'begun'; readonly host: string; readonly runId: string }
    | { readonly write: 'step'; readonly name: string; readonly output: Readonly<Record<string, unknown>> }
    /** A model server is there now, or no longer. */
    | { readonly write: 'deployed'; readonly deployment: Deployment }
    | { readonly write: 'undeployed'; readonly host: string; readonly name: string }
    /** A model server of somebody else's is known now, or no longer; a deployment of the same name stays as it is. */
    | { readonly write: 'attached'; readonly attached: AttachedModel }
    | { readonly write: 'detached'; readonly host: string; readonly name: string }
    /** One use of an approval; `step` is remembered with it, so that no use is counted twice. */
    | { readonly write: 'approval-used'; readonly approval: string; readonly step: string }
    /** For the chained audit log; the store itself keeps nothing of it. */
    | { readonly write: 'audit'; readonly entry: AuditedDecision }
    | { readonly write: 'settle'; readonly settlement: Settlement }
  );

/** `fenced`: the claim is no longer the task's; what it reported was dropped. */
export type WriteOutcome = 'written' | 'fenced';

export interface ClaimLimits {
  /** Tasks to claim at most. */
  readonly free: number;
  /** Tasks that may run at once on a host, those that run already among them. */
  readonly hostDefault: number;
  /** The same for hosts with a limit of their own. */
  readonly hostLimits: Readonly<Record<string, number>>;
}

export interface TaskFilter {
  readonly states?: readonly TaskState[];
  readonly kind?: string;
  readonly host?: string;
  readonly category?: string;
  readonly tag?: string;
  readonly group?: string;
  /** Created before, milliseconds since the epoch. */
  readonly createdBefore?: number;
  /** Finished before; at or after. */
  readonly finishedBefore?: number;
  readonly finishedAfter?: number;
}
export interface Page {
  /** At most 1 000. */
  readonly limit: number;
  /** `next` of the page before. Newest first. */
  readonly cursor?: string;
}
export interface TaskPage {
  readonly tasks: readonly TaskRecord[];
  readonly next: string | null;
}

/** What a person asks of a task. Throws `task.unknown` or `task.illegal-state`. */
export type TaskControl =
  | { readonly action: 'cancel'; readonly force: boolean }
  | { readonly action: 'pause' }
  | { readonly action: 'resume' }
  | { readonly action: 'priority'; readonly priority: number };

export interface OutputChunk {
  readonly task: string;
  /** Sequence within the task, from 1. */
  readonly seq: number;
  readonly attempt: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly pieces: readonly OutputPiece[];
}

/** Lines that ended, in each stream. */
export interface LineCounts {
  readonly stdout: number;
  readonly stderr: number;
}
/**
 * The sequence of the output in which a stream's line that had no end yet began: 0 = there was none, null = it was
 * kept before this was counted.
 */
export interface OpenLines {
  readonly stdout: number | null;
  readonly stderr: number | null;
}
/** Null: both streams, in the order in which their lines ended. */
export type LineStream = 'stdout' | 'stderr' | null;
/** The output of one attempt: its first and last sequence (last < first: there is none), and its lines. */
export interface LineExtent extends LineCounts {
  readonly attempt: number;
  readonly first: number;
  readonly last: number;
  /** After the last of it. */
  readonly open: OpenLines;
}

export interface Schedule {
  readonly id: string;
  readonly name: string;
  /** Five-field cron or an interval such as `every 15m`. */
  readonly when: string;
  readonly timeZone: string;
  /** Runs missed while nobody was there: none, or one now. */
  readonly missed: 'skip' | 'once';
  /** What is submitted: a submission of the api, JSON. */
  readonly submission: Readonly<Record<string, unknown>>;
  readonly enabled: boolean;
  readonly nextAt: number | null;
  readonly lastAt: number | null;
  readonly createdAt: number;
}

export interface AuditEntry {
  readonly time: number;
  /** Account or token name. */
  readonly who: string;
  readonly action: string;
  readonly subject: string;
  readonly outcome: 'allowed' | 'refused';
  readonly requestId: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** A conversation as it is to be. */
export interface ConversationChange {
  readonly id: string;
  /** Null: as it was. */
  readonly title: string | null;
  readonly model: string | null;
  readonly messages: readonly NewMessage[];
  readonly now: number;
}

/** Told after the commit that made it true, in order. */
export interface Committed {
  readonly events: readonly TaskEvent[];
  readonly output: readonly OutputChunk[];
}

/**
 * Remembers tasks, events, output, steps, approvals, schedules, settings and the audit trail.
 * What a resolved promise acknowledged survives a power cut. Each call is one transaction: all or nothing.
 * Times (`now`) are arguments, milliseconds since the epoch.
 * Every method may throw `store.full`, `store.corrupt` or `store.unusable`.
 */
export interface Store extends AsyncDisposable {
  /** Where it is kept, for people. */
  readonly location: string;

  /**
   * Keeps tasks in the order given; those without open dependencies are queued or delayed. A task whose
   * idempotency key is known is not kept again: the older one is in its place, `existed`. Throws
   * `task.cyclic`, `task.unknown` (a dependency).
   */
  submit(
    tasks: readonly NewTask[],
    now: number,
  ): Promise<readonly { readonly task: TaskRecord; readonly existed: boolean }[]>;

  /**
   * Moves due delayed tasks to the queue and gives the best queued ones to `executor`, within the limits:
   * highest priority first, a minute of waiting weighing as much as a point of priority, then oldest first.
   * Tasks that are to be cancelled on their host come before all others, and beyond the limits.
   */
  claim(executor: string, limits: ClaimLimits, now: number): Promise<readonly TaskRecord[]>;
  /** What running claims report, in order, in one transaction. One outcome each. */
  record(writes: readonly ClaimWrite[], now: number): Promise<readonly WriteOutcome[]>;
  /** Puts every running task back to the queue, same attempt: nobody else can hold a claim. At start. */
  recover(now: number): Promise<readonly TaskRecord[]>;
  /** When the next delayed task is due; null = none waits. */
  nextDue(): Promise<number | null>;

  /** Carries out at once what needs no executor (a queued task is cancelled), marks what does (a running one). */
  control(task: string, control: TaskControl, now: number): Promise<TaskRecord>;
  /** Answers an approval; the task is queued or cancelled. Throws `task.illegal-state` when it is no longer open. */
  decide(
    approval: string,
    answer: 'approved' | 'declined',
    who: string,
    now: number,
    word?: ApprovalWord,
  ): Promise<TaskRecord>;
  /** Fails the tasks of approvals that nobody answered in time. */
  expireApprovals(now: number): Promise<number>;
  /** Removes tasks that have ended, with all that hangs on them. Throws `task.illegal-state` for others. */
  remove(tasks: readonly string[]): Promise<number>;
  /** Removes what ended before `finishedBefore`, and the oldest ended ones beyond `keep`. Audit and schedules stay. */
  prune(rule: { readonly finishedBefore: number; readonly keep: number }): Promise<number>;

  /** Throws `task.unknown`. */
  task(id: string): Promise<TaskRecord>;
  tasks(filter: TaskFilter, page: Page): Promise<TaskPage>;
  dependenciesOf(task: string): Promise<readonly string[]>;
  input(task: string): Promise<Uint8Array | null>;
  /** Of the present attempt. */
  steps(task: string): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>>;
  approvals(filter: {
    readonly state?: Approval['state'];
    readonly task?: string;
  }): Promise<readonly Approval[]>;
  /** After `afterSeq`, oldest first. */
  events(task: string, afterSeq: number, limit: number): Promise<readonly TaskEvent[]>;
  output(task: string, afterSeq: number, limit: number): Promise<readonly OutputChunk[]>;
  /** Bytes kept of each stream in the present attempt: where a follower goes on. */
  outputLength(task: string): Promise<{ readonly stdout: number; readonly stderr: number }>;
  /** Of the newest attempt that wrote something. Throws `task.unknown`. */
  lineExtent(task: string): Promise<LineExtent>;
  /** The output in which a line (from 1) ends, and the lines before it; null when it has not ended. */
  findLine(
    task: string,
    extent: LineExtent,
    stream: LineStream,
    line: number,
  ): Promise<{ readonly seq: number; readonly before: LineCounts; readonly open: OpenLines } | null>;
  statistics(now: number): Promise<QueueStatistics>;
  /** Tasks in each state; cheap. */
  counts(): Promise<Readonly<Partial<Record<TaskState, number>>>>;
  /** Running tasks of each host. */
  runningByHost(): Promise<ReadonlyMap<string, number>>;

  saveSchedule(schedule: Schedule): Promise<void>;
  schedules(): Promise<readonly Schedule[]>;
  removeSchedule(id: string): Promise<boolean>;
  /** Model servers by host and name. */
  deployments(): Promise<readonly Deployment[]>;
  /** Model servers that somebody else runs, by host and name. */
  attachedModels(): Promise<readonly AttachedModel[]>;
  /** Begins a conversation, or makes its messages these; those equal from the beginning on stay as they were. */
  saveConversation(change: ConversationChange): Promise<void>;
  /** Those changed last first; with `search`, those in which it was said, in whatever case. */
  conversations(query: {
    readonly search?: string;
    readonly limit: number;
  }): Promise<readonly Conversation[]>;
  conversation(
    id: string,
  ): Promise<{ readonly conversation: Conversation; readonly messages: readonly KeptMessage[] } | null>;
  removeConversation(id: string): Promise<boolean>;
  setting(name: string): Promise<unknown>;
  saveSetting(name: string, value: unknown): Promise<void>;
  audit(entry: AuditEntry): Promise<void>;
  auditTrail(page: Page): Promise<{ readonly entries: readonly AuditEntry[]; readonly next: string | null }>;

  /** Called after every commit that made events or output. Gives what stops it. */
  watch(listener: (committed: Committed) => void): () => void;

  /** A consistent, checked copy while work goes on. The file must not exist; it is there only when it is whole. */
  backup(file: string): Promise<{ readonly bytes: number }>;
  /** Empty = sound; else what is wrong, in words. */
  check(): Promise<readonly string[]>;
}
