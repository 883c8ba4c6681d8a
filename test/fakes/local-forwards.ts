import { connect, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { DeckhandError } from '../../src/core/deckhand-error.ts';
import type { Endpoint } from '../../src/core/endpoint.ts';
import type { HostListener, SshConnection } from '../../src/ssh/connection.ts';
import { forwardError, listenError } from '../../src/ssh/forward-errors.ts';

/** The forwards of a "host" that is this machine: real sockets, cut when `lost` is aborted. */
export function localForwards(lost: AbortSignal): Pick<SshConnection, 'openForward' | 'listenOnHost'> {
  const until = (socket: Duplex): Duplex => {
    const cut = (): void => void socket.destroy(lostError());
    lost.addEventListener('abort', cut, { once: true });
    socket.once('close', () => lost.removeEventListener('abort', cut));
    socket.on('error', () => undefined);
    return socket;
  };
  return {
    async openForward(target, { signal }) {
      if (lost.aborted) throw lostError();
      const socket = await connected(target, AbortSignal.any([signal, lost])).catch((error: Error) => {
        if (lost.aborted) throw lostError();
        throw forwardError('local', target, { reason: 2, text: error.message });
      });
      return until(socket);
    },
    async listenOnHost(endpoint, onConnection): Promise<HostListener> {
      if (lost.aborted) throw lostError();
      const server = createServer({ allowHalfOpen: true }, socket => onConnection(until(socket)));
      await new Promise<void>((resolve, reject) => {
        server.once('error', error => reject(listenError('local', endpoint, error)));
        server.listen('path' in endpoint ? { path: endpoint.path } : endpoint, resolve);
      });
      const close = async (): Promise<void> => void server.close();
      lost.addEventListener('abort', () => server.close(), { once: true });
      const at = server.address();
      const port = at !== null && typeof at === 'object' ? at.port : 0;
      const bound = 'path' in endpoint ? endpoint : { host: endpoint.host, port };
      return { endpoint: bound, close, [Symbol.asyncDispose]: close };
    },
  };
}

/** The signal is for the opening only. */
function connected(target: Endpoint, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...target, allowHalfOpen: true });
    const stop = (): void => void socket.destroy(new Error('aborted'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      signal.removeEventListener('abort', stop);
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

export function lostError(): DeckhandError {
  return new DeckhandError('ssh.connection-lost', 'The connection to local was cut.');
}
