import { describe, expect, it } from 'vitest';
import { systemClock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { tryConnecting } from './connect-attempts.ts';
import { Deadline } from './deadline.ts';

const never = new AbortController().signal;
const turnedAway = new DeckhandError('ssh.handshake-refused', 'closed before its greeting', {
  details: { stage: 'greeting' },
});
const outOfTime = new DeckhandError('ssh.connect-timeout', 'no answer in time');

/** Attempts that fail with these one after the other, without a pause between them. */
async function endOf(errors: readonly DeckhandError[]): Promise<unknown> {
  const left = [...errors];
  using deadline = new Deadline(600_000, never);
  const clock = { ...systemClock, sleep: async () => await Promise.resolve() };
  const connect = async (): Promise<never> =>
    await Promise.reject(left.shift() ?? new Error('once too often'));
  return await tryConnecting(connect, deadline, { clock, random: () => 0 }).catch((error: unknown) => error);
}

describe('attempts to connect', () => {
  it('that run out of time after the server turned one away tell that it did', async () => {
    expect(await endOf([turnedAway, turnedAway, outOfTime])).toBe(turnedAway);
  });

  it('tell the time limit where the server did nothing, and what else it did at last', async () => {
    expect(await endOf([outOfTime])).toBe(outOfTime);
    const refused = new DeckhandError('ssh.authentication-failed', 'not this key');
    expect(await endOf([turnedAway, refused])).toBe(refused);
  });
});
