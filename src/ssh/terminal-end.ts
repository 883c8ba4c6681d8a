import type { Duplex } from 'node:stream';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { TerminalEnd } from './connection.ts';

/** Settles when the stream of a terminal has closed, with what the server said until then. */
export function endOfTerminal(
  stream: Duplex,
  exit: () => Omit<TerminalEnd, 'reason'> | null,
): Promise<TerminalEnd> {
  return new Promise(resolve => {
    let reason: DeckhandError | null = null;
    stream.once('error', (error: Error) => {
      reason =
        error instanceof DeckhandError
          ? error
          : new DeckhandError('ssh.connection-lost', `The terminal ended: ${error.message}.`, {
              cause: error,
            });
    });
    stream.once('close', () => {
      const { exitCode, signal } = exit() ?? { exitCode: null, signal: null };
      resolve({ exitCode, signal, reason });
    });
  });
}
