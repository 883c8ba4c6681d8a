import type { ErrorRecord } from '../core/deckhand-error.ts';
import type { RetryRule, TaskRecord } from '../core/task.ts';

/** A number from 0 up to 1: chance as an argument. */
export type Chance = () => number;

/** Repeats of a lost task that may be begun again; it has no other limit. */
const LOST_REPEATS = 3;
/** Jitter: each pause is this part shorter or longer. */
const JITTER = 0.25;

/** Milliseconds before attempt number `attempt + 1`: doubled each time, bounded, with jitter. */
export function pauseAfter(attempt: number, rule: RetryRule, chance: Chance): number {
  const plain = Math.min(rule.pause * 2 ** (attempt - 1), rule.longestPause);
  return Math.round(plain * (1 - JITTER + 2 * JITTER * chance()));
}

/**
 * Whether a failed attempt is repeated: only what the error table calls retryable, as often as the task
 * allows, and never what has begun on a host unless beginning it again does no harm.
 */
export function mayRepeat(task: TaskRecord, error: ErrorRecord, begun: boolean): boolean {
  if (!error.retryable || task.attempt > task.retry.limit) return false;
  return !begun || task.onLost === 'retry';
}

export function mayRepeatLost(task: TaskRecord): boolean {
  return task.onLost === 'retry' && task.attempt <= Math.max(LOST_REPEATS, task.retry.limit);
}
