import type { PlannerFault } from './planner-fault.ts';

/** Tries after the first one. */
const BUSY_TRIES = 3;
const BROKEN_TRIES = 2;
/** Milliseconds. */
const FIRST_PAUSE = 1000;
/** Milliseconds: a server that asks for more is left alone, and the task waits instead of the request. */
const LONGEST_PAUSE = 60_000;

/**
 * Milliseconds before the request is sent again; null = not again. `tried`: how often this kind of fault was met before;
 * `chance`: from 0 to 1.
 */
export function retryPause(
  { kind, retryAfter }: Pick<PlannerFault, 'kind' | 'retryAfter'>,
  tried: number,
  isLocal: boolean,
  chance: number,
): number | null {
  if (kind !== 'busy' && kind !== 'broken') return null;
  // where nothing answers on this machine, nothing will in a second
  const tries = kind === 'busy' ? BUSY_TRIES : isLocal ? 0 : BROKEN_TRIES;
  if (tried >= tries) return null;
  if (retryAfter !== null) return retryAfter > LONGEST_PAUSE ? null : retryAfter;
  return Math.round(FIRST_PAUSE * 2 ** tried * (0.5 + chance / 2));
}
