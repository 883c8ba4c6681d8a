import { type DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';

/** Milliseconds before the first tries after a loss, then the last of them again and again. */
const PAUSES = [100, 250, 500, 1_000, 1_500];
/** Milliseconds of outage after which nobody expects service within two seconds, and the pause from then on. */
const LONG_OUTAGE = 120_000;
const LONG_PAUSE = 12_000;
/** Milliseconds after which an attempt that nobody answered gets company. */
const STAGGER = 1_500;

/** Milliseconds to wait before attempt `attempt` (from 0), a quarter more or less by chance (0 … 1). */
export function pauseBefore(attempt: number, outage: number, chance: number): number {
  const usual = PAUSES[Math.min(attempt, PAUSES.length - 1)] ?? LONG_PAUSE;
  return (outage > LONG_OUTAGE ? LONG_PAUSE : usual) * (0.75 + chance / 2);
}

/** Milliseconds until another attempt is begun beside one that nobody has answered. */
export function staggerAfter(outage: number): number {
  return outage > LONG_OUTAGE ? LONG_PAUSE : STAGGER;
}

/**
 * True: it may come right by itself. Refused credentials, host keys that are not the known ones, and questions
 * nobody answers are for a person: each further try would look like an attack, or hide one.
 */
export function mayComeRight(error: DeckhandError): boolean {
  if (error.code === 'ssh.jump-failed') {
    const { cause } = error;
    return cause === undefined || mayComeRight(toDeckhandError(cause));
  }
  // a port that something else answered on may be sshd's again in a moment
  return error.retryable || error.code === 'ssh.not-ssh';
}
