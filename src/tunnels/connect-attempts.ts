import { type Clock } from '../core/clock.ts';
import { type DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { ConnectStage, SshConnection } from '../ssh/connection.ts';
import { mayComeRight } from './back-off.ts';

/** Opens a new connection of its own to the host of the tunnel. */
export type OpenConnection = (options: {
  readonly signal: AbortSignal;
  readonly onStage: (stage: ConnectStage) => void;
}) => Promise<SshConnection>;

export interface AttemptsOptions {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Milliseconds until a silent attempt gets company; asked each time. */
  readonly stagger: () => number;
  /** Told of each attempt that failed while others go on. */
  readonly onFailure: (error: DeckhandError) => void;
}

/** Attempts at once: an old one for slow networks, young ones that notice at once when packets pass again. */
const MOST = 3;

interface Attempt {
  readonly stop: AbortController;
  answered: boolean;
}

/**
 * Connects as soon as packets reach the host: the system repeats a lost first packet after 1, 3, 7 … seconds,
 * so a single attempt may sleep through the moment. The first that a server answers goes on alone. Throws when
 * none is left, or when one failed in a way that no further try would mend.
 */
export function connectSoon(connect: OpenConnection, options: AttemptsOptions): Promise<SshConnection> {
  const { signal, clock, stagger, onFailure } = options;
  const attempts: Attempt[] = [];
  const result = Promise.withResolvers<SshConnection>();
  const over = new AbortController();
  const stopOthers = (kept: Attempt | null): void => {
    for (const other of attempts.splice(0)) if (other !== kept) other.stop.abort();
    if (kept) attempts.push(kept);
  };
  const finish = (): void => {
    over.abort();
    stopOthers(null);
  };
  const lose = (attempt: Attempt, thrown: unknown): void => {
    if (over.signal.aborted || !attempts.includes(attempt)) return;
    attempts.splice(attempts.indexOf(attempt), 1);
    const error = toDeckhandError(thrown);
    if (attempts.length > 0 && mayComeRight(error)) {
      onFailure(error);
      return;
    }
    finish();
    result.reject(error);
  };
  const begin = async (): Promise<void> => {
    const attempt: Attempt = { stop: new AbortController(), answered: false };
    attempts.push(attempt);
    try {
      const connection = await connect({
        signal: AbortSignal.any([signal, attempt.stop.signal]),
        onStage: () => {
          if (attempt.answered || !attempts.includes(attempt)) return;
          attempt.answered = true;
          stopOthers(attempt);
        },
      });
      if (over.signal.aborted || !attempts.includes(attempt)) {
        await connection.close();
        return;
      }
      attempts.splice(attempts.indexOf(attempt), 1);
      finish();
      result.resolve(connection);
    } catch (error) {
      lose(attempt, error);
    }
  };
  const keepTrying = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await clock.sleep(stagger(), over.signal);
      if (attempts.some(({ answered }) => answered)) continue;
      if (attempts.length === MOST) attempts.splice(1, 1)[0]?.stop.abort();
      void begin();
    }
  };
  void begin();
  keepTrying().catch(() => undefined);
  return result.promise;
}
