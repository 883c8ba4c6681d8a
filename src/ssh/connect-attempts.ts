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
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await connect();
    } catch (error) {
      if (!isWorthAnotherAttempt(error)) throw error;
      const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** attempt) * (0.5 + random());
      // Out of time: what the server did says more than the time limit.
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
