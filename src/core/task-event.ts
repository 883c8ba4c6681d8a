import type { ErrorRecord } from './deckhand-error.ts';
import type { RunEventBody } from './run-event.ts';
import type { Progress } from './task.ts';
import type { TaskState } from './task-state.ts';

/** What happens to a task itself, whatever its kind. */
export type TaskLifeBody =
  | {
      readonly kind: 'task-state';
      readonly state: TaskState;
      readonly reason?: string;
      readonly error?: ErrorRecord;
    }
  | { readonly kind: 'task-started'; readonly claim: number; readonly executor: string }
  /** A claim ended without a result; the attempt goes on under the next claim. */
  | { readonly kind: 'claim-lost'; readonly claim: number; readonly reason: string }
  | { readonly kind: 'attempt-failed'; readonly error: ErrorRecord; readonly nextAt: number }
  | { readonly kind: 'run-begun'; readonly host: string; readonly runId: string }
  | { readonly kind: 'phase'; readonly phase: string }
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'cancel-asked'; readonly force: boolean }
  | { readonly kind: 'note'; readonly text: string };

export type TaskEventBody = TaskLifeBody | Exclude<RunEventBody, { kind: 'output' }>;

/**
 * One thing that happened to one task: the same shape in the store, between processes, over HTTP and in the
 * CLI's JSON lines. `seq` counts from 1 in one task without gaps; `time` is ISO 8601.
 */
export type TaskEvent = TaskEventBody & {
  readonly task: string;
  readonly seq: number;
  readonly attempt: number;
  readonly time: string;
  readonly requestId: string;
};

/** A piece of a task's output, in the order it arrived. `at` = bytes of this stream before it, in this attempt. */
export interface OutputPiece {
  readonly stream: 'stdout' | 'stderr';
  readonly at: number;
  readonly bytes: Uint8Array;
}
