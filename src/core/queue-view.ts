import type { TaskState } from './task-state.ts';

/** How the tasks of a store fared. */
export interface QueueStatistics {
  readonly byState: Readonly<Partial<Record<TaskState, number>>>;
  /** Of tasks that ended. Null where none did. */
  readonly successRate: number | null;
  /** Milliseconds from start to end of succeeded and failed tasks. */
  readonly duration: {
    readonly mean: number;
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
  } | null;
  readonly retries: number;
  readonly errorsByCode: Readonly<Record<string, number>>;
  readonly lastHour: { readonly finished: number; readonly failed: number };
  readonly lastDay: { readonly finished: number; readonly failed: number };
}

/** A schedule, for whoever looks at it. */
export interface ScheduleView {
  readonly id: string;
  readonly name: string;
  /** Five-field cron, or `every 15m`. */
  readonly when: string;
  readonly timeZone: string;
  readonly missed: 'skip' | 'once';
  readonly enabled: boolean;
  /** ISO 8601. */
  readonly nextAt: string | null;
  readonly lastAt: string | null;
  readonly kind: string;
  readonly hosts: string | null;
}
