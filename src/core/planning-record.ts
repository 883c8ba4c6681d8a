import type { ErrorRecord } from './deckhand-error.ts';
import type { PlanningRole, PlanningUsage } from './planning-model.ts';

/** One answer of a model within a call, as it came. */
export interface PlanningTurn {
  /** Secrets masked, bounded. */
  readonly answer: string;
  /** Why it did not fit, as the model was told; null = it did. */
  readonly fault: string | null;
}

/** One call of a planning model as the run keeps it, so that it can be shown and repeated without the model. */
export interface PlanningRecord {
  /** From 1 in one attempt of a task. */
  readonly number: number;
  readonly role: PlanningRole;
  readonly model: string;
  readonly schemaName: string;
  /** SHA-256 of everything that was asked: the same question has the same one. */
  readonly question: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Milliseconds, pauses between tries included. */
  readonly duration: number;
  readonly instructions: string;
  readonly prompt: string;
  readonly turns: readonly PlanningTurn[];
  /** Requests that were sent, tries again included. */
  readonly requests: number;
  readonly usage: PlanningUsage;
  /** Counted against the budget: as told by the server, else estimated from the length of the texts. */
  readonly tokens: number;
  /** True: the last turn is exactly what came, and a later claim may take it for the answer. */
  readonly isWhole: boolean;
  readonly error: ErrorRecord | null;
}

/** Name of the step of a task under which a record is kept. */
export function planningStep(number: number): string {
  return `planning ${number}`;
}

/** The records among what a task remembers, in order. */
export function planningRecords(
  steps: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
): readonly PlanningRecord[] {
  return [...steps]
    .flatMap(([name, { record }]) => (/^planning \d+$/.test(name) ? [record as PlanningRecord] : []))
    .toSorted((one, other) => one.number - other.number);
}
