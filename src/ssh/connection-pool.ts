import { DeckhandError } from '../core/deckhand-error.ts';
import type { ConnectOptions, SshConnection, SshEngine } from './connection.ts';
import type { ResolveHost } from './resolved-host.ts';

export interface ConnectionPoolOptions {
  readonly engine: SshEngine;
  readonly resolve: ResolveHost;
  readonly options: Omit<ConnectOptions, 'signal' | 'resolve'>;
}

interface Entry {
  readonly connection: Promise<SshConnection>;
  readonly controller: AbortController;
  waiting: number;
  open: boolean;
}

/** One connection per host, shared by everybody who uses it at the same time. */
export class ConnectionPool implements AsyncDisposable {
  readonly #engine: SshEngine;
  readonly #resolve: ResolveHost;
  readonly #options: ConnectionPoolOptions['options'];
  readonly #entries = new Map<string, Entry>();
  #disposed = false;

  constructor({ engine, resolve, options }: ConnectionPoolOptions) {
    this.#engine = engine;
    this.#resolve = resolve;
    this.#options = options;
  }

  /**
   * The open connection to a host, or a new one; several callers share one attempt, which goes on as
   * long as one of them wants it. `own`: who is asked, should this call be the one that connects. Throws the engine's typed error, `command.cancelled` on abort.
   */
  async use(
    hostName: string,
    signal: AbortSignal,
    own: Partial<Pick<ConnectOptions, 'credentials' | 'hostKeys'>> = {},
  ): Promise<SshConnection> {
    if (this.#disposed) throw new DeckhandError('command.cancelled', 'The connections are closed.');
    if (signal.aborted) throw cancelled(hostName, signal);
    const entry = this.#entries.get(hostName) ?? this.#start(hostName, own);
    entry.waiting += 1;
    const aborted = Promise.withResolvers<never>();
    const stop = (): void => aborted.reject(cancelled(hostName, signal));
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await Promise.race([entry.connection, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', stop);
      entry.waiting -= 1;
      if (entry.waiting === 0 && !entry.open) this.#abandon(hostName, entry);
    }
  }

  /** Closes the connection to one host, if there is one. */
  async drop(hostName: string): Promise<void> {
    const entry = this.#entries.get(hostName);
    if (entry === undefined) return;
    this.#entries.delete(hostName);
    await closeEntry(entry);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(entries.map(closeEntry));
  }

  #start(hostName: string, own: Partial<ConnectOptions>): Entry {
    const controller = new AbortController();
    const connection = this.#connect(hostName, controller.signal, own);
    const entry: Entry = { connection, controller, waiting: 0, open: false };
    this.#entries.set(hostName, entry);
    void this.#follow(hostName, entry);
    return entry;
  }

  async #follow(hostName: string, entry: Entry): Promise<void> {
    try {
      const connection = await entry.connection;
      entry.open = true;
      await connection.closed;
    } catch {
      // Whoever waits for the entry sees the error; the next use starts anew.
    }
    this.#forget(hostName, entry);
  }

  async #connect(
    hostName: string,
    signal: AbortSignal,
    own: Partial<ConnectOptions>,
  ): Promise<SshConnection> {
    const host = await this.#resolve(hostName, signal);
    return this.#engine.connect(host, { ...this.#options, ...own, signal, resolve: this.#resolve });
  }

  #abandon(hostName: string, entry: Entry): void {
    this.#forget(hostName, entry);
    entry.controller.abort();
  }

  #forget(hostName: string, entry: Entry): void {
    if (this.#entries.get(hostName) === entry) this.#entries.delete(hostName);
  }
}

async function closeEntry(entry: Entry): Promise<void> {
  entry.controller.abort();
  const connection = await entry.connection.catch(() => null);
  await connection?.close();
}

function cancelled(hostName: string, signal: AbortSignal): DeckhandError {
  return new DeckhandError('command.cancelled', `Connecting to ${hostName} was cancelled.`, {
    cause: signal.reason,
  });
}
