import type { Clock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { Deadline } from './deadline.ts';

const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 3_000;

/** Tries again with growing pauses as long as the server turns us away before authentication. */
export async function tryConnecting<T>(
  connect: () => Promise<T>,
  deadline: Deadline,
  { clock, random }: { readonly clock: Clock; readonly random: () => number },
): Promise<T> {
  let refusal: unknown;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await connect();
    } catch (error) {
      // Out of time, in an attempt or between two: what the server did says more than the time limit.
      if (!isWorthAnotherAttempt(error)) throw isTimeout(error) ? (refusal ?? error) : error;
      refusal = error;
      const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** attempt) * (0.5 + random());
      await clock.sleep(pause, deadline.signal).catch(() => {
        throw deadline.expired ? error : deadline.signal.reason;
      });
    }
  }
}

function isWorthAnotherAttempt(error: unknown): boolean {
  if (!(error instanceof DeckhandError) || error.code !== 'ssh.handshake-refused') return false;
  return error.details['stage'] !== 'authentication';
}

function isTimeout(error: unknown): boolean {
  return error instanceof DeckhandError && error.code === 'ssh.connect-timeout';
}
