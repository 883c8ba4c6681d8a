import type { ErrorRecord } from './deckhand-error.ts';
import type { TaskState } from './task-state.ts';

/** What becomes of a task whose end nobody saw: `hold` = lost, a person decides; `retry` = start it again. */
export type OnLost = 'hold' | 'retry';

/** How often and how soon a failed attempt is repeated. */
export interface RetryRule {
  /** Repeats after the first attempt; 0 = never. */
  readonly limit: number;
  /** Milliseconds before the first repeat; doubled each time, with jitter. */
  readonly pause: number;
  /** Milliseconds; no pause is longer. */
  readonly longestPause: number;
}

/** What the work has done so far. Percent never falls within an attempt; null where the total is unknown. */
export interface Progress {
  readonly done: number;
  readonly total: number | null;
  readonly unit: 'bytes' | 'steps' | 'hosts';
  /** The phase or step, in words. */
  readonly text: string;
}

/** Where the submitter stood: files and flags that decide how hosts are reached. Never a secret. */
export interface Surroundings {
  /** Absolute. Where `deckhand.yaml` is looked for. */
  readonly folder: string;
  readonly settingsFile?: string;
  readonly sshConfigFile?: string;
  /** Flags of the command line that win over every setting. */
  readonly overrides: Readonly<Record<string, string>>;
  /** The submitter's `SSH_AUTH_SOCK`. */
  readonly agentSocket?: string;
  /** Who asked, where it was not the owner. Nobody can say it of themselves: the desk does. */
  readonly asker?: string;
}

/** A task to be. `dependsOn` names tasks of the same submission by their place, or older ones by id. */
export interface NewTask {
  readonly id: string;
  /** Tasks of one submission share it. */
  readonly group: string;
  readonly kind: string;
  readonly host: string | null;
  /** JSON, already checked against the kind's schema; at most 1 MiB. Never a secret. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Bytes for the command's stdin; dropped when the task succeeds. */
  readonly input: Uint8Array | null;
  readonly surroundings: Surroundings;
  /** One line for lists. */
  readonly title: string;
  readonly category: string;
  readonly tags: readonly string[];
  /** -100 … 100, default 0; one point is worth `PRIORITY_POINT` of waiting. */
  readonly priority: number;
  readonly onLost: OnLost;
  readonly retry: RetryRule;
  /** Milliseconds since the epoch; null = now. */
  readonly runAfter: number | null;
  readonly dependsOn: readonly string[];
  /** What happens when one of these fails. */
  readonly onDependencyFailed: 'skip' | 'run';
  /** The same key twice = one task; null = no guard. Unique per key and place in the submission. */
  readonly idempotencyKey: string | null;
  /** The task this one repeats. */
  readonly retryOf: string | null;
  /** Id of the request that made it; travels through every event and log. */
  readonly requestId: string;
}

/** A minute of waiting outweighs one point of priority: higher goes first, nothing starves. */
export const PRIORITY_POINT = 60_000;

/** A task as the store knows it. Times: milliseconds since the epoch. */
export interface TaskRecord extends Omit<NewTask, 'input' | 'runAfter'> {
  readonly state: TaskState;
  /** What a running task is doing: `connecting`, `uploading` … */
  readonly phase: string | null;
  readonly runAfter: number;
  /** From 1; counts repeats after failure. A re-claim of the same attempt does not count. */
  readonly attempt: number;
  /** Counts claims: the fence. What an older claim reports is refused. */
  readonly claim: number;
  /** Claims in a row whose executor died soon after they began; too many fail the task. */
  readonly crashes: number;
  /** The present attempt has begun something on a host: from then on it may only be looked for, not begun again. */
  readonly begun: boolean;
  readonly cancelAsked: 'no' | 'cancel' | 'force';
  readonly pauseAsked: boolean;
  readonly progress: Progress | null;
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly error: ErrorRecord | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  /** Sequence of the newest event. */
  readonly lastSeq: number;
}

/** A person's word on one exact plan. */
export interface Approval {
  readonly id: string;
  readonly task: string;
  /** Binds hosts, steps and effects; see `agent/plan-preview`. */
  readonly hash: string;
  readonly title: string;
  readonly state: 'open' | 'approved' | 'declined' | 'expired';
  readonly askedAt: number;
  readonly expiresAt: number;
  readonly decidedBy: string | null;
  readonly decidedAt: number | null;
  /** `escalation`: the run does not know how to go on, and asks for a word rather than for a yes. */
  readonly kind: 'plan' | 'escalation';
  /** What is asked, for people: commands with class and risks, why it is asked, evidence. Bounded and sanitised. */
  readonly about: Readonly<Record<string, unknown>>;
  /** What the person answered to an escalation; `abort` is a decline. */
  readonly choice: 'continue' | 'skip' | null;
  /** The person's own words, for whoever goes on. */
  readonly note: string | null;
  /** Times that it may still be used, and until when after it was given. */
  readonly uses: number;
  readonly validUntil: number | null;
}

/** What a person says with an answer. */
export interface ApprovalWord {
  readonly choice?: 'continue' | 'skip';
  readonly note?: string;
}
