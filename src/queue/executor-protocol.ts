import type { ErrorRecord } from '../core/deckhand-error.ts';
import type { KnownModelServers } from '../core/known-models.ts';
import type { Approval, TaskRecord } from '../core/task.ts';
import type { ClaimWrite, Fence, NewApproval } from '../store/store.ts';
import type { Pulse } from './silence.ts';

/** One claim with all that is needed to carry it out, or to go on where an earlier claim stopped. */
export interface Assignment {
  readonly task: TaskRecord;
  readonly input: Uint8Array | null;
  /** Bytes of each stream that are kept already, of this attempt. */
  readonly seen: { readonly stdout: number; readonly stderr: number };
  readonly steps: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** What persons approved for this task, oldest first. */
  readonly approved: readonly Approval[];
}

/** How a claim ended, in the words of the kind that carried it out. */
export type Outcome =
  | { readonly end: 'succeeded'; readonly result: Readonly<Record<string, unknown>> }
  | {
      readonly end: 'failed' | 'cancelled' | 'lost';
      readonly error: ErrorRecord;
      readonly result?: Readonly<Record<string, unknown>>;
    }
  /** Stopped where it was and proved so; goes on when resumed. */
  | { readonly end: 'paused' }
  /** A person must say yes first; no slot is held meanwhile. */
  | { readonly end: 'approval'; readonly approval: NewApproval }
  /** The same attempt goes on in `pause` milliseconds: what it waits for is not there yet. */
  | {
      readonly end: 'later';
      readonly pause: number;
      readonly reason: string;
      readonly error?: ErrorRecord;
      /** True: what could not be done yet is the cancel. */
      readonly cancelling?: boolean;
    }
  /** The executor was told to leave; the same attempt goes on elsewhere. */
  | { readonly end: 'left' };

/** What only a person can give; see the api. Plain data, its fields are the api's. */
export type QuestionRecord = {
  readonly id: string;
  readonly task: string;
  readonly host: string;
  readonly ask: string;
} & Readonly<Record<string, string>>;

export type ToExecutor =
  | { readonly say: 'run'; readonly assignment: Assignment }
  | { readonly say: 'cancel'; readonly task: string; readonly claim: number; readonly force: boolean }
  | { readonly say: 'pause'; readonly task: string; readonly claim: number }
  | { readonly say: 'answer'; readonly question: string; readonly answer: string | null }
  /** `number` of the writes that are kept now; `fenced`: the claim is not ours any more. */
  | { readonly say: 'kept'; readonly number: number; readonly fenced: boolean }
  /** The answer to `models`; null: it could not be found out. */
  | { readonly say: 'models'; readonly number: number; readonly known: KnownModelServers | null }
  /** Leave everything as it is on the hosts, say `left` for each claim, then end. */
  | { readonly say: 'leave' };

export type FromExecutor =
  | { readonly say: 'ready' }
  | { readonly say: 'alive' }
  | {
      readonly say: 'write';
      readonly number: number;
      readonly fence: Fence;
      readonly writes: readonly ClaimWrite[];
    }
  | { readonly say: 'question'; readonly claim: number; readonly question: QuestionRecord }
  /** Asks which model servers the engine knows. */
  | { readonly say: 'models'; readonly task: string; readonly claim: number; readonly number: number }
  /** The last words of a process that this claim is bringing down: no other claim is to blame. */
  | { readonly say: 'crashing'; readonly task: string; readonly claim: number }
  | { readonly say: 'ended'; readonly task: string; readonly claim: number; readonly outcome: Outcome };

/** One executor as the queue sees it: a process of its own, or this one. */
export interface Executor {
  readonly name: string;
  /** Null: it lives in this process. */
  readonly pid: number | null;
  send(message: ToExecutor): void;
  /** What the system says of its process; null or absent: it does not tell. */
  pulse?(): Pulse | null;
  /** Ends it at once. */
  kill(): void;
}

/** Starts an executor. `onExit` is called once, when nothing more can come from it. */
export type StartExecutor = (
  name: string,
  listeners: {
    readonly onMessage: (message: FromExecutor) => void;
    readonly onExit: (reason: string) => void;
  },
) => Executor;
