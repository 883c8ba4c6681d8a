import type { TransferAction } from '../../core/transfer-params.ts';
import type { RawPath } from '../../core/raw-path.ts';
import type { Entry } from '../tree/entry.ts';

export type Side = 'local' | 'remote';

/** One thing to do, or to leave and say so. */
export interface Action {
  readonly action: TransferAction['action'];
  /** Where it is done. */
  readonly side: Side;
  readonly path: RawPath;
  /** What should be there afterwards; of a deletion what is there now. */
  readonly entry: Entry;
  /** What is there now. */
  readonly existing: Entry | null;
  readonly reason?: string;
}

export function otherSide(side: Side): Side {
  return side === 'local' ? 'remote' : 'local';
}
