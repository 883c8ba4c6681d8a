import type { ErrorRecord } from './deckhand-error.ts';
import type { RunReport } from './run-report.ts';
import type { TaskEvent } from './task-event.ts';
import type { Approval } from './task.ts';
import type { TaskState } from './task-state.ts';

/** All that is kept of one run: what a report is made of. */
export interface RunRecord {
  readonly task: {
    readonly id: string;
    readonly kind: string;
    readonly title: string;
    readonly state: TaskState;
    readonly hosts: readonly string[];
    /** Who approved: the submitter beforehand (`yes`), whoever was asked, nobody. */
    readonly approve: 'ask' | 'yes' | 'none';
    /** Milliseconds since the epoch. */
    readonly createdAt: number;
    readonly startedAt: number | null;
    readonly finishedAt: number | null;
    readonly requestId: string;
    readonly error: ErrorRecord | null;
  };
  /** Null for a run that ended before it could report, or goes on. */
  readonly report: RunReport | null;
  /** Oldest first. */
  readonly events: readonly TaskEvent[];
  readonly approvals: readonly Approval[];
}
