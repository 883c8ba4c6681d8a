import { DeckhandError } from '../core/deckhand-error.ts';
import type { TransferAction, TransferResult } from '../core/transfer-params.ts';

/** Entries of lists in a result. */
export const MOST_SKIPPED = 1000;

export interface TransferOutcome {
  readonly result: TransferResult;
  /** Set when not all could be done: `transfer.conflicts`, `transfer.some-failed`, or the only file's own error. */
  readonly error?: DeckhandError;
}

/** Conflicts fail what left them alone; undefined: there are none. */
export function conflictsError(conflicts: readonly TransferAction[]): DeckhandError | undefined {
  const [first] = conflicts;
  if (first === undefined) return undefined;
  const text = `${conflicts.length} conflicts; the first: ${first.path || 'the root'}: ${first.reason}.`;
  return new DeckhandError('transfer.conflicts', text);
}
