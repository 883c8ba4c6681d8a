import type { RunReport } from '../core/run-report.ts';
import { type RecordedRunbook, recordRunbook } from '../runbooks/record-runbook.ts';
import { type Replay, replayRun } from '../tasks/replay-run.ts';

/** What is made of a run that is over; no host is asked, and no daemon is needed. */
export const runTools = {
  /** Throws `input.invalid`. */
  record: async (report: RunReport, name?: string): Promise<RecordedRunbook> =>
    await Promise.resolve(recordRunbook(report, name)),
  /** Throws `input.invalid`. */
  replay: async (report: RunReport, signal: AbortSignal): Promise<Replay> => await replayRun(report, signal),
};
