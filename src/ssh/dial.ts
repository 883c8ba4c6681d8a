import { connect, type Socket } from 'node:net';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { ErrorCode } from '../core/error-table.ts';
import type { ResolvedHost } from './resolved-host.ts';

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOTFOUND: 'ssh.resolve-failed',
  EAI_AGAIN: 'ssh.resolve-failed',
  EAI_FAIL: 'ssh.resolve-failed',
  ENODATA: 'ssh.resolve-failed',
  ECONNREFUSED: 'ssh.refused',
  ECONNRESET: 'ssh.refused',
  ETIMEDOUT: 'ssh.connect-timeout',
};

/** Milliseconds for each address of a name that has several. */
const EACH_ADDRESS = 3_000;

/** A TCP connection without Nagle's delay. Throws the typed `ssh.*` error; aborts with the signal. */
export function dial(host: ResolvedHost, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: host.address,
      port: host.port,
      noDelay: true,
      autoSelectFamilyAttemptTimeout: EACH_ADDRESS,
    });
    const stop = (): void => {
      socket.destroy();
      reject(signal.reason as Error);
    };
    const fail = (error: Error): void => {
      signal.removeEventListener('abort', stop);
      reject(dialError(host, error));
    };
    if (signal.aborted) {
      stop();
      return;
    }
    signal.addEventListener('abort', stop, { once: true });
    socket.once('error', fail);
    socket.once('connect', () => {
      signal.removeEventListener('abort', stop);
      socket.off('error', fail);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

/** What the system said, as the code it means. Pure. */
export function dialError(host: ResolvedHost, error: Error): DeckhandError {
  const systemCode = systemCodeOf(error);
  const code = CODES[systemCode] ?? 'ssh.unreachable';
  const where = `${host.address}:${host.port}`;
  const sentences: Partial<Record<ErrorCode, string>> = {
    'ssh.resolve-failed': `The name ${host.address} of ${host.name} has no address (${systemCode}).`,
    'ssh.refused': `${where} (${host.name}) refuses the connection (${systemCode}).`,
    'ssh.connect-timeout': `${where} (${host.name}) does not answer (${systemCode}).`,
  };
  return new DeckhandError(
    code,
    sentences[code] ?? `${where} (${host.name}) cannot be reached (${systemCode}).`,
    {
      details: { host: host.name, address: host.address, port: host.port, systemCode },
      cause: error,
    },
  );
}

function systemCodeOf(error: Error): string {
  const codes = error instanceof AggregateError ? error.errors.map(codeOf) : [];
  // Several addresses: one that answered with a refusal says more than one that is not routed.
  return codes.find(code => code === 'ECONNREFUSED') ?? codes.find(code => code !== '') ?? codeOf(error);
}
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
