import type { PlanningRecord } from '../core/planning-record.ts';
import type { RecordedRunbook, Replay, UndoPlan, UndoWish } from '../core/run-remake.ts';

/** What is known of a run besides its report, and what is made of one that is over. No host is asked. */
export interface RunApi {
  /**
   * The calls of planning models in the present attempt of a task, oldest first: those numbered above `after`, at most
   * `limit` of them (1 to 100). Secrets are masked already. Throws `task.unknown`.
   */
  transcript(task: string, after: number, limit: number): Promise<readonly PlanningRecord[]>;
  /**
   * A runbook of a run that was proved; `name`: its name, else one from the request. Throws `task.unknown`, and
   * `input.invalid` for what is no such run.
   */
  recordRunbook(run: string, name?: string): Promise<RecordedRunbook>;
  /**
   * How a run is taken back, as a plan that is submitted like any other; nothing is done by this. Throws
   * `task.unknown`, `input.invalid`, `undo.nothing-kept`.
   */
  undoOfRun(run: string, wish: UndoWish): Promise<UndoPlan>;
  /** The run judged again from its recorded answers. Throws `task.unknown`, `input.invalid`. */
  replayRun(run: string): Promise<Replay>;
}
