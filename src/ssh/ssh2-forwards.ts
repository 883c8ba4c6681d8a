import type { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { HostListener } from './connection.ts';
import { forwardCancelled, forwardError, listenError, listensAlready } from './forward-errors.ts';
import type { Ssh2Link } from './ssh2-link.ts';
import { Ssh2Stream } from './ssh2-stream.ts';

type Arrival = (stream: Duplex) => void;

/** Connections through one ssh2 link: to what the host can reach, and from where the host listens for us. */
export class Ssh2Forwards {
  readonly #link: Ssh2Link;
  readonly #listeners = new Map<string, Arrival>();
  #hears = false;

  constructor(link: Ssh2Link) {
    this.#link = link;
  }

  get #host(): string {
    return this.#link.facts.host.name;
  }

  async open(target: Endpoint, signal: AbortSignal): Promise<Duplex> {
    if (signal.aborted) throw forwardCancelled(this.#host, signal.reason);
    if (this.#link.isOver) throw await this.#lost();
    return await this.#unlessOver<Duplex>(signal, (resolve, reject) => {
      const onOpen = (error: Error | undefined, channel: ClientChannel): void => {
        if (error) reject(error);
        else if (!resolve(() => new Ssh2Stream(this.#link, channel))) channel.close();
      };
      const { client } = this.#link;
      if ('path' in target) client.openssh_forwardOutStreamLocal(target.path, onOpen);
      else client.forwardOut('127.0.0.1', 0, target.host, target.port, onOpen);
    }).catch((error: unknown) => {
      const reason = refusalOf(error);
      throw reason ? forwardError(this.#host, target, reason) : error;
    });
  }

  async listen(endpoint: Endpoint, onConnection: Arrival, signal: AbortSignal): Promise<HostListener> {
    if (signal.aborted) throw forwardCancelled(this.#host, signal.reason);
    if (this.#link.isOver) throw await this.#lost();
    if (this.#listeners.has(keyOf(endpoint))) throw listensAlready(this.#host, endpoint);
    this.#hear();
    const bound = await this.#unlessOver<Endpoint>(signal, (resolve, reject) => {
      const { client } = this.#link;
      const done = (error: Error | null | undefined, port?: number): void => {
        const at = 'path' in endpoint ? endpoint : { host: endpoint.host, port: port ?? endpoint.port };
        if (error) reject(listenError(this.#host, endpoint, error));
        // the library knows the connections of a listener from this turn on
        else if (resolve(() => at)) this.#listeners.set(keyOf(at), onConnection);
        else void this.#silence(at);
      };
      if ('path' in endpoint) client.openssh_forwardInStreamLocal(endpoint.path, done);
      else client.forwardIn(endpoint.host, endpoint.port, done);
    });
    const close = async (): Promise<void> => {
      if (!this.#listeners.delete(keyOf(bound)) || this.#link.isOver) return;
      await this.#silence(bound);
    };
    return { endpoint: bound, close, [Symbol.asyncDispose]: close };
  }

  /** Connections that arrive for nobody are refused. */
  #hear(): void {
    if (this.#hears) return;
    this.#hears = true;
    const { client } = this.#link;
    client.on('tcp connection', ({ destIP, destPort }, accept, reject) => {
      this.#take(keyOf({ host: destIP, port: destPort }), accept, reject);
    });
    client.on('unix connection', ({ socketPath }, accept, reject) => {
      this.#take(keyOf({ path: socketPath }), accept as () => ClientChannel, reject);
    });
  }

  #take(key: string, accept: () => ClientChannel, reject: () => void): void {
    const arrival = this.#listeners.get(key);
    if (arrival) arrival(new Ssh2Stream(this.#link, accept()));
    else reject();
  }

  /** Resolves when the host has answered, or can no longer. */
  async #silence(endpoint: Endpoint): Promise<void> {
    const { client } = this.#link;
    const answered = Promise.withResolvers<void>();
    try {
      const done = (): void => answered.resolve();
      if ('path' in endpoint) client.openssh_unforwardInStreamLocal(endpoint.path, done);
      else client.unforwardIn(endpoint.host, endpoint.port, done);
    } catch {
      answered.resolve();
    }
    const forget = this.#link.whenEnded(() => answered.resolve());
    await answered.promise;
    forget();
  }

  /** `resolve` is false when nobody waits any more: what was opened must be closed. */
  #unlessOver<T>(
    signal: AbortSignal,
    ask: (resolve: (make: () => T) => boolean, reject: (error: unknown) => void) => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      let isOpen = true;
      const settle = (): boolean => {
        if (!isOpen) return false;
        isOpen = false;
        signal.removeEventListener('abort', stop);
        forget();
        return true;
      };
      const fail = (error: unknown): void => {
        if (settle()) reject(isDisconnected(error) ? this.#closedError() : error);
      };
      const stop = (): void => fail(forwardCancelled(this.#host, signal.reason));
      const forget = this.#link.whenEnded(reason => fail(reason ?? this.#closedError()));
      signal.addEventListener('abort', stop, { once: true });
      try {
        ask(make => {
          if (!settle()) return false;
          resolve(make());
          return true;
        }, fail);
      } catch (error) {
        fail(error);
      }
    });
  }

  async #lost(): Promise<DeckhandError> {
    return (await this.#link.ended) ?? this.#closedError();
  }
  #closedError(): DeckhandError {
    return new DeckhandError('ssh.connection-lost', `The connection to ${this.#host} is closed.`);
  }
}

function keyOf(endpoint: Endpoint): string {
  return 'path' in endpoint ? `path ${endpoint.path}` : `${endpoint.host} ${endpoint.port}`;
}

function refusalOf(error: unknown): { readonly reason: unknown; readonly text: string } | null {
  if (!(error instanceof Error) || !('reason' in error) || typeof error.reason !== 'number') return null;
  return { reason: error.reason, text: error.message.replace(/^\(SSH\) Channel open failure: /, '') };
}

function isDisconnected(error: unknown): boolean {
  return error instanceof Error && /^(Not connected|No response from server)$/.test(error.message);
}
