import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { hostPort } from './listen-address.ts';

/** Milliseconds until the headers of a request must be there, and until all of it must. */
const HEADERS_LIMIT = 10_000;
const REQUEST_LIMIT = 120_000;
/** Milliseconds that a connection without a request stays. */
const IDLE_LIMIT = 30_000;
/** Milliseconds between looks for connections that are too slow. */
const LOOK = 2_000;
const MOST_CONNECTIONS = 512;
const MOST_HEADERS = 100;

/** What answers requests, and what takes over connections that become something else. */
export interface Served {
  readonly request: RequestListener;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** A listener on an address of this machine, which is held while it is open. Slow and idle connections are closed. */
export class WebListener implements AsyncDisposable {
  readonly server: Server;
  readonly address: string;
  readonly #upgraded = new Set<Duplex>();

  private constructor(server: Server, address: string) {
    this.server = server;
    this.address = address;
  }

  /** Throws `console.port-busy`. */
  static async open(address: string, port: number): Promise<WebListener> {
    const server = createServer({
      headersTimeout: HEADERS_LIMIT,
      requestTimeout: REQUEST_LIMIT,
      keepAliveTimeout: IDLE_LIMIT,
      connectionsCheckingInterval: LOOK,
    });
    server.maxConnections = MOST_CONNECTIONS;
    server.maxHeadersCount = MOST_HEADERS;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        const place = hostPort(address, port);
        reject(
          new DeckhandError('console.port-busy', `${place} cannot be listened on: ${error.code}.`, {
            cause: error,
            details: { address, port },
          }),
        );
      });
      server.listen({ host: address, port, exclusive: true }, resolve);
    });
    return new WebListener(server, address);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  serve({ request, upgrade }: Served): void {
    this.server.on('request', request);
    this.server.on('upgrade', (incoming, socket, head) => {
      // the server forgets them, and would wait for their end for ever
      this.#upgraded.add(socket);
      socket.once('close', () => this.#upgraded.delete(socket));
      upgrade(incoming, socket, head);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise(resolve => this.server.close(resolve));
    this.server.closeAllConnections();
    for (const socket of this.#upgraded) socket.destroy();
    await closed;
  }
}
