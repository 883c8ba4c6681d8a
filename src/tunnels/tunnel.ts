import type { Duplex } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { type Endpoint, showEndpoint } from '../core/endpoint.ts';
import type { Forward, HealthState, LinkState, TunnelChange, TunnelStatus } from '../core/tunnel.ts';
import type { SshConnection } from '../ssh/connection.ts';
import type { OpenConnection } from './connect-attempts.ts';
import { HealthMonitor } from './health-monitor.ts';
import { connectProbe, type HealthProbe, httpProbe } from './http-probe.ts';
import { LinkKeeper } from './link-keeper.ts';
import { type LocalDoor, openLocalDoor } from './local-door.ts';
import { openThrough, type Passage } from './open-through.ts';
import type { Protocol } from './refuse-client.ts';
import { connectHere, RemoteDoor } from './remote-door.ts';
import { serveArrival, serveClient, type ServeOptions, serveSocksClient } from './serve-client.ts';
import { Counters, History } from './statistics.ts';

export interface TunnelOptions {
  readonly host: string;
  readonly forward: Forward;
  /** Opens a connection that is the tunnel's own, with keep-alives as `KEEP_ALIVE` says. */
  readonly connect: OpenConnection;
  readonly clock: Clock;
  /** 0 … 1. */
  readonly random: () => number;
  /** True: another free port when the wanted one is taken. Default false. */
  readonly anyPort?: boolean;
  /** Milliseconds a connection is held that could not be opened yet; 0 = none. Default 15 000. */
  readonly hold?: number;
  readonly protocol?: Protocol;
  readonly health?: {
    /** Milliseconds; default 30 000, 0 = only when asked. */
    readonly interval?: number;
    /** GET of it must be well. */
    readonly path?: string;
    /** How an engine looks at its own server; wins over `path`. */
    readonly probe?: HealthProbe;
  };
  /** Called at each change of link or health, and when the host begins or ceases to listen. */
  readonly onChange?: (change: TunnelChange) => void;
}

/** Milliseconds between keep-alives of a tunnel's connection: silence is noticed after three of them. */
export const KEEP_ALIVE = 1_400;
const HOLD = 15_000;
const HEALTH_INTERVAL = 30_000;

/** A port or socket that leads to another machine for as long as it is open, whatever the network does. */
export class Tunnel implements AsyncDisposable {
  readonly #options: TunnelOptions;
  readonly #counters: Counters;
  readonly #history = new History();
  readonly #stop = new AbortController();
  readonly #link: LinkKeeper;
  readonly #remote: RemoteDoor | null;
  readonly #passage: Passage;
  #local: LocalDoor | null = null;
  #listening: Endpoint | null = null;
  #linkSince: number;
  #lastError: DeckhandError | null = null;
  #monitor: HealthMonitor | null = null;
  #moved = Promise.withResolvers<void>();
  #closing: Promise<void> | undefined;

  private constructor(options: TunnelOptions) {
    this.#options = options;
    this.#counters = new Counters();
    this.#linkSince = options.clock.now();
    const { forward, clock, random, host } = options;
    this.#remote =
      forward.kind === 'remote'
        ? new RemoteDoor({
            endpoint: forward.listen,
            clock,
            random,
            onArrival: arrival => void serveArrival(arrival, () => connectHere(forward.target), this.#serve),
            onChange: (endpoint, error) => this.#listens(endpoint, error),
          })
        : null;
    this.#link = new LinkKeeper({
      connect: options.connect,
      clock,
      random,
      onChange: (state, why) => this.#linkBecame(state, why),
    });
    this.#passage = {
      link: this.#link,
      clock,
      counters: this.#counters,
      hold: options.hold ?? HOLD,
      random,
      host,
    };
  }

  /** Throws `tunnel.port-busy` and `tunnel.local-refused`; the host may come later: see `ready`. */
  static async open(options: TunnelOptions): Promise<Tunnel> {
    const { forward, anyPort = false } = options;
    const waiting: Parameters<typeof serveClient>[0][] = [];
    let serve = (client: (typeof waiting)[number]): void => void waiting.push(client);
    const local =
      forward.kind === 'remote'
        ? null
        : await openLocalDoor(forward.listen, { anyPort, onClient: client => serve(client) });
    const tunnel = new Tunnel(options);
    tunnel.#local = local;
    tunnel.#listening = local?.endpoint ?? null;
    tunnel.#watchHealth();
    serve = client =>
      void (forward.kind === 'dynamic'
        ? serveSocksClient(client, tunnel.#serve)
        : serveClient(client, forward.target, tunnel.#serve));
    for (const client of waiting) serve(client);
    return tunnel;
  }

  /** Where connections are taken; null for a remote one while the host does not listen. */
  get listening(): Endpoint | null {
    return this.#listening;
  }
  get link(): LinkState {
    return this.#link.state;
  }

  /**
   * Resolves when it leads somewhere: connected, and for a remote one the host listens. Throws what only a
   * person can mend, `tunnel.listen-refused`, and after `patience` milliseconds why it is not up.
   */
  async ready(patience: number, signal: AbortSignal): Promise<void> {
    const rest = new AbortController();
    const late = this.#options.clock
      .sleep(patience, AbortSignal.any([rest.signal, signal]))
      .then(() => 'late' as const)
      .catch(() => 'left' as const);
    let seen: 'late' | 'left' | 'moved' = 'moved';
    try {
      for (;;) {
        signal.throwIfAborted();
        const refusal = this.#link.state === 'up' ? this.#lastError : this.#link.error;
        if (this.#link.state === 'up' && this.#listening) return;
        if (this.#link.state === 'needs-attention' && refusal) throw refusal;
        if (this.#link.state === 'up' && refusal?.code === 'tunnel.listen-refused') throw refusal;
        if (seen === 'late')
          throw refusal ?? new DeckhandError('tunnel.down', 'The tunnel is not connected yet.');
        seen = await Promise.race([this.#moved.promise.then(() => 'moved' as const), late]);
      }
    } finally {
      rest.abort();
    }
  }

  /** A connection to the target for somebody in this process, held like all others. Not for remote ones. */
  async connect(signal: AbortSignal): Promise<Duplex> {
    const { forward } = this.#options;
    if (forward.kind !== 'local')
      throw new DeckhandError('internal.defect', 'This tunnel has no target here.');
    return await openThrough(this.#passage, forward.target, AbortSignal.any([signal, this.#stop.signal]));
  }

  /** Looks at the target now. */
  async checkHealth(): Promise<TunnelStatus['health']> {
    return (await this.#monitor?.look()) ?? this.status().health;
  }

  /** Tries to connect at once: the network changed, or a person mended something. */
  wake(): void {
    this.#link.wake();
  }

  status(): TunnelStatus {
    const now = this.#options.clock.now();
    return {
      link: this.#link.state,
      linkSince: this.#linkSince,
      listening: this.#listening,
      health: this.#monitor?.health ?? { state: 'starting', since: now, latency: null, text: '' },
      statistics: this.#counters.snapshot(this.#link.reconnects),
      lastError: this.#lastError?.toJSON() ?? null,
      history: this.#history.list(),
      at: now,
    };
  }

  /** Nothing of it is left: no listener, no socket file, no connection. */
  async close(): Promise<void> {
    this.#closing ??= this.#end();
    await this.#closing;
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #end(): Promise<void> {
    this.#stop.abort(new DeckhandError('command.cancelled', 'The tunnel is closed.'));
    await this.#local?.[Symbol.asyncDispose]();
    await this.#monitor?.[Symbol.asyncDispose]();
    await this.#remote?.close(this.#link.connection);
    await this.#link[Symbol.asyncDispose]();
    this.#listening = null;
  }

  get #serve(): ServeOptions {
    return { ...this.#passage, protocol: this.#options.protocol ?? 'auto', signal: this.#stop.signal };
  }

  #watchHealth(): void {
    const { forward, clock, health = {} } = this.#options;
    const { interval = HEALTH_INTERVAL, path, probe } = health;
    const usual =
      forward.kind !== 'local' ? null : path === undefined ? connectProbe : httpProbe(path, forward.target);
    this.#monitor = new HealthMonitor({
      clock,
      interval,
      link: () => this.#link.state,
      open: async signal => {
        const { connection } = this.#link;
        if (connection === null || forward.kind !== 'local')
          throw new DeckhandError('tunnel.down', 'There is no connection to the host.');
        return await connection.openForward(forward.target, { signal });
      },
      probe: probe ?? usual,
      onChange: (state, text) => this.#tell('health', state, text),
    });
  }

  #linkBecame(state: LinkState, why: DeckhandError | null): void {
    this.#linkSince = this.#options.clock.now();
    if (why) this.#lastError = why;
    this.#monitor?.linkChanged();
    const connection: SshConnection | null = this.#link.connection;
    if (state === 'up' && connection) void this.#remote?.use(connection);
    this.#tell('link', state, why?.message ?? '');
  }

  #listens(endpoint: Endpoint | null, error: DeckhandError | null): void {
    this.#listening = endpoint;
    if (error) this.#lastError = error;
    this.#tell(
      'link',
      this.#link.state,
      endpoint ? `the host listens on ${showEndpoint(endpoint)}` : (error?.message ?? ''),
    );
  }

  #tell(what: TunnelChange['what'], state: LinkState | HealthState, text: string): void {
    const change = this.#history.add(this.#options.clock.now(), what, state, text);
    this.#moved.resolve();
    this.#moved = Promise.withResolvers();
    this.#options.onChange?.(change);
  }
}
