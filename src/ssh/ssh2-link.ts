import type { Duplex } from 'node:stream';
import ssh2, { type Client, type ClientChannel } from 'ssh2';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { HostKeyIdentity } from './connection.ts';
import type { ResolvedHost } from './resolved-host.ts';

/** Silent intervals after which the peer is given up. */
const SILENT_INTERVALS = 3;
/** Milliseconds a polite end may take before the socket is destroyed. */
const CLOSE_PATIENCE = 1_000;

export interface LinkFacts {
  readonly host: ResolvedHost;
  readonly hostKey: HostKeyIdentity;
  readonly serverVersion: string;
  /** Milliseconds. */
  readonly keepAliveInterval: number;
}

/** An authenticated ssh2 client on a stream, with a watch over its life. */
export class Ssh2Link {
  readonly facts: LinkFacts;
  readonly client: Client;
  /** Undefined when we closed it, else why it ended. */
  readonly ended: Promise<DeckhandError | undefined>;
  readonly #stream: Duplex;
  readonly #watch: NodeJS.Timeout;
  readonly #enders = new Set<(reason: DeckhandError | undefined) => void>();
  #closing = false;
  #silent = false;
  #over = false;
  #heard = true;
  #lastError: Error | undefined;

  constructor(client: Client, stream: Duplex, facts: LinkFacts) {
    this.client = client;
    this.facts = facts;
    this.#stream = stream;
    const ended = Promise.withResolvers<DeckhandError | undefined>();
    this.ended = ended.promise;
    client.on('error', error => {
      this.#lastError = error;
    });
    client.on('end', () => stream.destroy());
    client.on('close', () => {
      this.#over = true;
      clearInterval(this.#watch);
      const reason = this.#closing ? undefined : this.#reason();
      ended.resolve(reason);
      for (const tell of this.#enders) tell(reason);
      this.#enders.clear();
    });
    stream.on('data', () => {
      this.#heard = true;
    });
    this.#watch = this.#watchSilence();
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** As `ended`, for those who come and go by the thousand: gives what takes the listener away again. */
  whenEnded(listener: (reason: DeckhandError | undefined) => void): () => void {
    this.#enders.add(listener);
    return () => this.#enders.delete(listener);
  }

  /** A connection from the far end to another address, for the next hop. */
  forward(address: string, port: number): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      this.client.forwardOut('127.0.0.1', 0, address, port, (error, channel) => {
        if (error) reject(error);
        else resolve(channel);
      });
    });
  }

  async close(): Promise<void> {
    if (!this.#over) {
      this.#closing = true;
      this.client.end();
      const force = setTimeout(() => this.#stream.destroy(), CLOSE_PATIENCE);
      await this.ended;
      clearTimeout(force);
    }
  }

  /**
   * The library asks the peer once per interval; here any byte counts as life, so that a slow link
   * full of data is not taken for a dead one.
   */
  #watchSilence(): NodeJS.Timeout {
    let silent = 0;
    const timer = setInterval(() => {
      silent = this.#heard ? 0 : silent + 1;
      this.#heard = false;
      if (silent < SILENT_INTERVALS) return;
      this.#silent = true;
      this.#stream.destroy();
      // A forwarded stream only closes when the other side answers; a dead one never does.
      if (!this.#over) this.client.emit('close');
    }, this.facts.keepAliveInterval);
    timer.unref();
    return timer;
  }

  #reason(): DeckhandError {
    const { host, keepAliveInterval } = this.facts;
    const details = { host: host.name, address: host.address, port: host.port };
    if (this.#silent) {
      const silence = keepAliveInterval * SILENT_INTERVALS;
      return new DeckhandError(
        'ssh.peer-silent',
        `${host.name} has not answered for ${silence / 1000} seconds; the connection was given up.`,
        { details: { ...details, silence } },
      );
    }
    const why = this.#lastError === undefined ? '' : ` (${this.#lastError.message})`;
    return new DeckhandError('ssh.connection-lost', `The connection to ${host.name} ended${why}.`, {
      details,
      ...(this.#lastError === undefined ? {} : { cause: this.#lastError }),
    });
  }
}

export function newClient(): Client {
  const client = new ssh2.Client();
  // Every running command listens for the end of the connection.
  client.setMaxListeners(0);
  return client;
}
