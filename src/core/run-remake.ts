import type { Plan } from './plan.ts';

/** What can be made of a run that is over, without any host. */

/** What was recorded of one step or proof, and what the recorded answers give now. */
export interface ReplayedPart {
  readonly host: string;
  /** `step nginx`, `proof http://…`, `host`. */
  readonly part: string;
  readonly recorded: string;
  readonly replayed: string;
  readonly same: boolean;
}
export interface Replay {
  readonly run: string;
  readonly parts: readonly ReplayedPart[];
  /** Every step, proof and host came out as it was recorded. */
  readonly same: boolean;
}

/** A runbook made of a run. */
export interface RecordedRunbook {
  readonly name: string;
  /** The file. */
  readonly source: string;
  /** What came from the request, with what it was then. */
  readonly parameters: readonly { readonly name: string; readonly type: string; readonly value: string }[];
}

/** What of a run is to be taken back. */
export interface UndoWish {
  /** Ids of steps, or their numbers in the report from 1; absent = all. */
  readonly steps?: readonly string[];
  /** True: also what somebody else has changed since. */
  readonly anyway?: boolean;
}

/** How a run is taken back, where, and what of it is not, a sentence each. */
export interface UndoPlan {
  readonly plan: Plan;
  readonly hosts: readonly string[];
  readonly uncovered: readonly string[];
}
