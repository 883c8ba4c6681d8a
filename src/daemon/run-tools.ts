import { undoPlan } from '../agent/undo/undo-plan.ts';
import type { RecordedRunbook, Replay, UndoPlan, UndoWish } from '../core/run-remake.ts';
import type { RunReport } from '../core/run-report.ts';
import { recordRunbook } from '../runbooks/record-runbook.ts';
import { replayRun } from '../tasks/replay-run.ts';

/** What is made of a run that is over; no host is asked, and no daemon is needed. */
export const runTools = {
  /** Throws `undo.nothing-kept`, `input.invalid`. */
  undo: async (report: RunReport, wish: UndoWish): Promise<UndoPlan> =>
    await Promise.resolve().then(() => undoPlan(report, wish)),
  /** Throws `input.invalid`. */
  record: async (report: RunReport, name?: string): Promise<RecordedRunbook> =>
    await Promise.resolve(recordRunbook(report, name)),
  /** Throws `input.invalid`. */
  replay: async (report: RunReport, signal: AbortSignal): Promise<Replay> => await replayRun(report, signal),
};
