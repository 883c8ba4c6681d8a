import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import { type Endpoint, showEndpoint } from '../core/endpoint.ts';
import type { HostListener, SshConnection } from '../ssh/connection.ts';
import { pauseBefore } from './back-off.ts';

export interface RemoteDoorOptions {
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onArrival: (arrival: Duplex) => void;
  /** Listening, or why not. */
  readonly onChange: (endpoint: Endpoint | null, error: DeckhandError | null) => void;
}

/** A port or socket on the host that is listened on again after every reconnect. */
export class RemoteDoor implements AsyncDisposable {
  readonly #options: RemoteDoorOptions;
  readonly #stop = new AbortController();
  /** As asked for, with the port that the host chose the first time. */
  #endpoint: Endpoint;
  #listener: HostListener | null = null;
  #had = false;

  constructor(options: RemoteDoorOptions) {
    this.#options = options;
    this.#endpoint = options.endpoint;
  }

  /** Listens on this connection until it ends; what an older session of ours still holds there is waited for. */
  async use(connection: SshConnection): Promise<void> {
    const over = new AbortController();
    void this.#forget(connection, over);
    const ends = AbortSignal.any([over.signal, this.#stop.signal]);
    for (let attempt = 0; !ends.aborted; attempt += 1) {
      try {
        await this.#listen(connection);
        return;
      } catch (thrown) {
        const error = toDeckhandError(thrown);
        if (ends.aborted) return;
        this.#options.onChange(null, error);
        if (!this.#had) return;
        await this.#removeOwnSocket(connection);
        const pause = pauseBefore(attempt, 0, this.#options.random());
        await this.#options.clock.sleep(pause, ends).catch(() => undefined);
      }
    }
  }

  async #forget(connection: SshConnection, over: AbortController): Promise<void> {
    await connection.closed;
    over.abort();
    this.#listener = null;
    this.#options.onChange(null, null);
  }

  /** The host listens no more, and no socket of ours is left there. */
  async close(connection: SshConnection | null): Promise<void> {
    this.#stop.abort();
    await this.#listener?.close();
    if (connection) await this.#removeOwnSocket(connection);
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close(null);
  }

  async #listen(connection: SshConnection): Promise<void> {
    const { onArrival, onChange } = this.#options;
    const { signal } = this.#stop;
    this.#listener = await connection.listenOnHost(this.#endpoint, onArrival, { signal });
    this.#endpoint = this.#listener.endpoint;
    this.#had = true;
    onChange(this.#endpoint, null);
  }

  /** Servers leave the files of sockets behind: only one that we made, and on which nobody listens, is removed. */
  async #removeOwnSocket(connection: SshConnection): Promise<void> {
    const endpoint = this.#endpoint;
    if (!this.#had || !('path' in endpoint)) return;
    const signal = AbortSignal.timeout(5_000);
    try {
      (await connection.openForward(endpoint, { signal })).destroy();
    } catch (error) {
      if (toDeckhandError(error).code !== 'tunnel.target-refused') return;
      const word = `'${endpoint.path.replaceAll("'", String.raw`'\''`)}'`;
      await connection.execute(`[ -S ${word} ] && rm -f -- ${word}`, { signal }).catch(() => undefined);
    }
  }
}

/** A connection to something on this machine. Throws `tunnel.target-refused`. */
export function connectHere(target: Endpoint): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...target, allowHalfOpen: true, noDelay: true });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const message = `This machine cannot connect to ${showEndpoint(target)} (${error.code ?? error.message}).`;
      reject(new DeckhandError('tunnel.target-refused', message, { cause: error }));
    });
    socket.once('connect', () => resolve(socket));
  });
}
