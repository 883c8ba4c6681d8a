import type { Clock } from '../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { LinkState } from '../core/tunnel.ts';
import type { SshConnection } from '../ssh/connection.ts';
import { mayComeRight, pauseBefore, staggerAfter } from './back-off.ts';
import { connectSoon, type OpenConnection } from './connect-attempts.ts';

export interface LinkKeeperOptions {
  readonly connect: OpenConnection;
  readonly clock: Clock;
  /** From 0 to 1: clients that lost the same host do not come back in the same moment. */
  readonly random: () => number;
  readonly onChange: (state: LinkState, why: DeckhandError | null) => void;
}

/** Keeps one connection to one host alive: notices its end, connects again, and knows when only a person can help. */
export class LinkKeeper implements AsyncDisposable {
  readonly #options: LinkKeeperOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #connection: SshConnection | null = null;
  #state: LinkState = 'connecting';
  #error: DeckhandError | null = null;
  #ups = 0;
  #changed = Promise.withResolvers<void>();
  #woken = Promise.withResolvers<void>();

  constructor(options: LinkKeeperOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Null while there is none. */
  get connection(): SshConnection | null {
    return this.#connection;
  }
  get state(): LinkState {
    return this.#state;
  }
  get error(): DeckhandError | null {
    return this.#error;
  }
  /** Connections that followed another one. */
  get reconnects(): number {
    return Math.max(0, this.#ups - 1);
  }
  /** Resolves at the next change of state. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** Tries at once, also when it had given up. */
  wake(): void {
    if (this.#state === 'needs-attention') this.#become('connecting', null);
    this.#woken.resolve();
    this.#woken = Promise.withResolvers();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.wake();
    await this.#connection?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    let attempt = 0;
    let lostAt = this.#options.clock.monotonic();
    while (!this.#stop.signal.aborted) {
      const outage = (): number => this.#options.clock.monotonic() - lostAt;
      try {
        const connection = await this.#connect(outage);
        attempt = 0;
        await this.#live(connection);
        lostAt = this.#options.clock.monotonic();
      } catch (thrown) {
        if (this.#stop.signal.aborted) break;
        const error = toDeckhandError(thrown);
        if (!mayComeRight(error)) {
          this.#become('needs-attention', error);
          await this.#woken.promise;
          attempt = 0;
          continue;
        }
        this.#become('down', error);
      }
      if (this.#stop.signal.aborted) break;
      await this.#rest(pauseBefore(attempt, outage(), this.#options.random()));
      attempt += 1;
    }
    this.#become('closed', null);
  }

  async #connect(outage: () => number): Promise<SshConnection> {
    const { connect, clock } = this.#options;
    return await connectSoon(connect, {
      signal: this.#stop.signal,
      clock,
      stagger: () => staggerAfter(outage()),
      onFailure: error => this.#become('down', error),
    });
  }

  /** Until the connection ends. */
  async #live(connection: SshConnection): Promise<void> {
    if (this.#stop.signal.aborted) {
      await connection.close();
      return;
    }
    this.#ups += 1;
    this.#connection = connection;
    this.#become('up', null);
    const reason = await connection.closed;
    this.#connection = null;
    if (this.#stop.signal.aborted) return;
    const gone = new DeckhandError('ssh.connection-lost', `The connection to ${connection.host.name} ended.`);
    this.#become('down', reason ?? gone);
  }

  async #rest(milliseconds: number): Promise<void> {
    const rest = new AbortController();
    const sleep = this.#options.clock.sleep(milliseconds, rest.signal).catch(() => undefined);
    await Promise.race([sleep, this.#woken.promise]);
    rest.abort();
  }

  #become(state: LinkState, error: DeckhandError | null): void {
    this.#error = error ?? this.#error;
    if (state === this.#state) return;
    this.#state = state;
    this.#options.onChange(state, error);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
