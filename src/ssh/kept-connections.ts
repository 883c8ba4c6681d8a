import type { Clock } from '../core/clock.ts';
import type { SshConnection } from './connection.ts';

/** A connection that its user has for itself. Disposing gives it back; one that must not be used again is closed before. */
export interface LentConnection extends AsyncDisposable {
  readonly connection: SshConnection;
}

export interface KeptConnectionsOptions {
  readonly clock: Clock;
  /** Milliseconds that a connection which nobody uses stays open. */
  readonly keepFor: number;
}

interface Idle {
  readonly connection: SshConnection;
  readonly taken: AbortController;
}

/** Connections with one user at a time: after use one for each key stays open a while for the next user. */
export class KeptConnections implements AsyncDisposable {
  readonly #options: KeptConnectionsOptions;
  readonly #idle = new Map<string, Idle>();
  readonly #ended = new WeakSet<SshConnection>();
  #isOver = false;

  constructor(options: KeptConnectionsOptions) {
    this.#options = options;
  }

  /** The one that is kept for this key, or a new one. Throws what `connect` does. */
  async take(key: string, connect: () => Promise<SshConnection>): Promise<LentConnection> {
    const connection = this.#takeIdle(key) ?? (await this.#open(connect));
    const giveBack = async (): Promise<void> => await this.#giveBack(key, connection);
    return { connection, [Symbol.asyncDispose]: giveBack };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await Promise.all([...this.#idle.keys()].map(async key => await this.#takeIdle(key)?.close()));
  }

  async #open(connect: () => Promise<SshConnection>): Promise<SshConnection> {
    const connection = await connect();
    void connection.closed.then(() => this.#ended.add(connection));
    return connection;
  }

  #takeIdle(key: string): SshConnection | undefined {
    const idle = this.#idle.get(key);
    this.#idle.delete(key);
    idle?.taken.abort();
    return idle === undefined || this.#ended.has(idle.connection) ? undefined : idle.connection;
  }

  async #giveBack(key: string, connection: SshConnection): Promise<void> {
    if (this.#ended.has(connection)) return;
    // of two that were used at the same time one is enough
    if (this.#isOver || this.#idle.has(key)) return await connection.close();
    const taken = new AbortController();
    const idle = { connection, taken };
    this.#idle.set(key, idle);
    void this.#closeLater(key, idle);
  }

  async #closeLater(key: string, idle: Idle): Promise<void> {
    const { clock, keepFor } = this.#options;
    const isTaken = await clock.sleep(keepFor, idle.taken.signal).then(
      () => false,
      () => true,
    );
    if (isTaken) return;
    this.#idle.delete(key);
    await idle.connection.close();
  }
}
