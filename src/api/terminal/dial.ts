import { connect } from 'node:net';
import { WebSocket } from 'ws';
import type { WireSocket } from './terminal-client.ts';

/** Where a socket leads, as `node:http` takes it. */
export interface DialPlace {
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number | string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the daemon said instead of opening the socket. */
export class DialRefused extends Error {
  /** The body of its answer. */
  readonly text: string;
  readonly status: number;
  constructor(status: number, text: string) {
    super(`refused with ${status}`);
    this.status = status;
    this.text = text;
  }
}

/** A WebSocket from this process, also over a Unix socket. Throws `DialRefused`, the system's error, the signal's reason. */
export function dial(
  place: DialPlace,
  path: string,
  protocols: readonly string[],
  signal: AbortSignal,
): Promise<WireSocket> {
  const { headers, socketPath, host = 'localhost', port = 80 } = place;
  const where = { host: host.includes(':') ? `[${host}]` : host, port };
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = new WebSocket(`ws://${where.host}:${where.port}${path}`, [...protocols], {
      ...(socketPath !== undefined && { createConnection: () => connect(socketPath) }),
      headers,
      perMessageDeflate: false,
      maxPayload: 1024 * 1024,
    });
    const stop = (): void => {
      socket.terminate();
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', stop, { once: true });
    socket.once('open', () => {
      signal.removeEventListener('abort', stop);
      keepUntilHeard(socket);
      resolve(socket);
    });
    socket.once('unexpected-response', (_request, response) => {
      const pieces: Buffer[] = [];
      response.on('data', piece => pieces.push(piece as Buffer));
      response.once('close', () =>
        reject(new DialRefused(response.statusCode ?? 0, Buffer.concat(pieces).toString())),
      );
    });
    socket.on('error', reject);
  });
}

/** What came along with the answer would be told before whoever waits for the socket can listen to it. */
function keepUntilHeard(socket: WebSocket): void {
  socket.pause();
  const resume = (name: string | symbol): void => {
    if (name !== 'message') return;
    socket.off('newListener', resume);
    socket.resume();
  };
  socket.on('newListener', resume);
}
