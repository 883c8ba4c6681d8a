import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { Outcome } from '../queue/executor-protocol.ts';
import type { HostDoor, RunPlace } from './host-door.ts';
import type { TaskWork } from './task-kind.ts';

/** Milliseconds for a cancel and the way to its host. */
const CANCEL_LIMIT = 20_000;
/** Milliseconds until a cancel is tried again that could not be proved. */
const TRY_AGAIN = 15_000;

/**
 * Ends what a task began on hosts, there. Nobody but the host can say that it is over: the task counts as
 * cancelled when that was seen, or when a forced cancel no longer waits for it.
 */
export async function cancelOnHosts(
  { task, force }: Pick<TaskWork<unknown>, 'task' | 'force'>,
  door: Pick<HostDoor, 'cancel'>,
  runs: readonly RunPlace[],
): Promise<Outcome> {
  const signal = AbortSignal.any([force, AbortSignal.timeout(CANCEL_LIMIT)]);
  const outcomes = await Promise.all(
    runs.map(async (run): Promise<Outcome | undefined> => {
      try {
        const { proved, remaining } = await door.cancel(run, signal);
        if (proved) return undefined;
        const error = unprovedError(run, `processes ${remaining.join(', ')} are still there`);
        return { end: 'failed', error };
      } catch (error) {
        return unproved(run, error, force.aborted);
      }
    }),
  );
  const notProved = outcomes.filter(outcome => outcome !== undefined);
  // what may still be proved comes before what was given up
  const worst = notProved.find(({ end }) => end === 'later') ?? notProved[0];
  return worst ?? { end: 'cancelled', error: cancelledError(task.title) };
}

export function cancelledError(title: string): ReturnType<DeckhandError['toJSON']> {
  return new DeckhandError(
    'command.cancelled',
    `${title}: cancelled; nothing of it is left on the host.`,
  ).toJSON();
}

/** By force: over, and said to be unproved. Otherwise it is tried again when the host may be back. */
function unproved(run: RunPlace, thrown: unknown, force: boolean): Outcome {
  const error = toDeckhandError(thrown);
  if (force) return { end: 'cancelled', error: unprovedError(run, error.message) };
  return {
    end: 'later',
    cancelling: true,
    pause: TRY_AGAIN,
    reason: `its cancel could not be proved yet (${error.code})`,
    error: error.toJSON(),
  };
}

function unprovedError({ host, id }: RunPlace, why: string): ReturnType<DeckhandError['toJSON']> {
  const text = `${host}: the cancel could not be proved: ${why}.`;
  return new DeckhandError('command.cancel-unproved', text, { details: { host, runId: id } }).toJSON();
}
