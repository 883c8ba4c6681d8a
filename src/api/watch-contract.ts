import type { TaskState } from '../core/task-state.ts';
import type { TaskRecord } from '../core/task.ts';

/** A task as lists show it: without what may be large. */
export type TaskRow = Omit<TaskRecord, 'surroundings' | 'params' | 'result'>;

/**
 * What a page that shows many things follows, all over one connection. It tells what is different, not how it
 * came to be so: whoever comes back reads what it shows anew after `hello`, and has missed nothing.
 */
export type Change =
  | {
      readonly item: 'hello';
      readonly version: string;
      readonly counts: Readonly<Partial<Record<TaskState, number>>>;
    }
  /** Tasks as they are now, at most ten times a second. */
  | {
      readonly item: 'tasks';
      readonly tasks: readonly TaskRow[];
      readonly counts: Readonly<Partial<Record<TaskState, number>>>;
    }
  /** More tasks changed than are worth telling one by one. */
  | { readonly item: 'many'; readonly counts: Readonly<Partial<Record<TaskState, number>>> }
  /** A log that was named in the question has grown. */
  | { readonly item: 'lines'; readonly task: string; readonly attempt: number; readonly total: number }
  /** Nothing happened for ten seconds. */
  | { readonly item: 'alive' };

export interface ChangeOptions {
  readonly signal: AbortSignal;
  /** Ids of tasks whose logs are watched as well; at most 16. */
  readonly logs: readonly string[];
}

/** Which lines of a task's output. Numbers count from 1 in the newest attempt. */
export interface LineQuery {
  /** The first line wanted; null = the last `count` lines. */
  readonly from: number | null;
  /** At most 1 000. */
  readonly count: number;
  /** Only lines of this stream, numbered among themselves; null = both, in the order in which they ended. */
  readonly stream: 'stdout' | 'stderr' | null;
  /** Only lines that hold this text, in whatever case. */
  readonly search: string | null;
}

export interface OutputLine {
  readonly number: number;
  readonly stream: 'stdout' | 'stderr';
  /** As the host wrote it, escape sequences among it: never to be shown as HTML. At most 16 384 characters. */
  readonly text: string;
  /** Characters that were left out at its end. */
  readonly cut: number;
  /** When its end arrived, milliseconds since the epoch. */
  readonly time: number;
  /** True: it has no end yet. */
  readonly open: boolean;
}

export interface LinePage {
  readonly attempt: number;
  /** Lines there are, those without an end among them. */
  readonly total: number;
  readonly lines: readonly OutputLine[];
  /** Where a search goes on; null = all was searched. */
  readonly next: number | null;
}

export interface WatchApi {
  /** Costs the same wherever the lines are. Throws `task.unknown`. */
  lines(task: string, query: LineQuery): Promise<LinePage>;
  /** `hello` first. Ends when the signal aborts; throws `daemon.unreachable` when the connection is lost. */
  changes(options: ChangeOptions): AsyncIterable<Change>;
}
