import { DeckhandError } from '../core/deckhand-error.ts';
import type { TaskRecord } from '../core/task.ts';
import type { Settlement } from '../store/store.ts';
import type { Outcome } from './executor-protocol.ts';
import { type Chance, mayRepeat, mayRepeatLost, pauseAfter } from './retry-policy.ts';

/** What becomes of a claim that ended this way. `begun`: the attempt has begun something on a host. */
export function settlementOf(
  task: TaskRecord,
  outcome: Outcome,
  situation: { readonly begun: boolean; readonly now: number; readonly chance: Chance },
): Settlement {
  const { begun, now, chance } = situation;
  switch (outcome.end) {
    case 'succeeded':
      return { to: 'succeeded', result: outcome.result };
    case 'failed':
      if (task.cancelAsked === 'no' && mayRepeat(task, outcome.error, begun))
        return { to: 'repeat', at: now + pauseAfter(task.attempt, task.retry, chance), error: outcome.error };
      return ended('failed', outcome);
    case 'lost':
      if (mayRepeatLost(task))
        return { to: 'repeat', at: now + pauseAfter(task.attempt, task.retry, chance), error: outcome.error };
      return ended('lost', outcome);
    case 'cancelled':
      return ended('cancelled', outcome);
    case 'paused':
      return { to: 'paused' };
    case 'approval':
      return { to: 'waiting-approval', approval: outcome.approval };
    case 'later':
      return {
        to: 'delayed',
        at: now + outcome.pause,
        reason: outcome.reason,
        ...(outcome.error ? { error: outcome.error } : {}),
        ...(outcome.cancelling === true ? { cancelling: true } : {}),
      };
    case 'left':
      return { to: 'queued', reason: 'its executor was told to leave', crashed: false };
  }
}

function ended(
  to: 'failed' | 'cancelled' | 'lost',
  { error, result }: Extract<Outcome, { end: 'failed' | 'cancelled' | 'lost' }>,
): Settlement {
  return { to, error, ...(result ? { result } : {}) };
}

/** Times that a task may bring its executor down. */
const CULPRIT_LIMIT = 3;
/** Times that an executor may die under a task without saying why: by a person, the memory of the machine, or a task. */
const SUSPECT_LIMIT = 10;

/** What is known of an executor's end, for one of its claims. */
export interface Crash {
  readonly reason: string;
  /** The task that brought it down, by its own last words; undefined = it said nothing. */
  readonly culprit: string | undefined;
  /** The attempt has begun something on a host, which may go on there. */
  readonly begun: boolean;
}

/** What becomes of a claim whose executor died or fell silent. */
export function settlementOfCrash(task: TaskRecord, { reason, culprit, begun }: Crash): Settlement {
  if (culprit !== undefined && culprit !== task.id) return { to: 'queued', reason, crashed: false };
  const limit = culprit === undefined ? SUSPECT_LIMIT : CULPRIT_LIMIT;
  if (task.crashes + 1 < limit) return { to: 'queued', reason, crashed: true };
  const text = `${task.title}: its executor ended ${task.crashes + 1} times while it ran (${reason}).`;
  return {
    to: begun ? 'lost' : 'failed',
    error: new DeckhandError('task.executor-crashed', text, { details: { task: task.id } }).toJSON(),
  };
}
