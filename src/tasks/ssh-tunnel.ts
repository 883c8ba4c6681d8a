import type { Clock } from '../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import { type Endpoint, showEndpoint } from '../core/endpoint.ts';
import { type Forward, type TunnelParams, tunnelParams, type TunnelStatus } from '../core/tunnel.ts';
import { mayComeRight } from '../tunnels/back-off.ts';
import { KEEP_ALIVE, Tunnel } from '../tunnels/tunnel.ts';
import { NO_RETRY, type TaskKind, type TaskWork } from './task-kind.ts';

type Work = TaskWork<TunnelParams>;

/** Name of the step that says how the tunnel is: whoever asks reads it from the store. */
export const STATUS_STEP = 'status';
/** Milliseconds between two looks at the counters of a tunnel in use. */
const REPORT = 5_000;
/** Milliseconds until a new tunnel that is not connected counts as begun all the same. */
const FIRST_PATIENCE = 20_000;
/** Milliseconds between two tries of a port that was ours before a restart. */
const PORT_PAUSE = 1_000;

/**
 * A tunnel for as long as the task runs: cancelled it is gone, paused it is closed and stays known, and a new
 * executor or daemon opens it again on the same port.
 */
export const sshTunnel: TaskKind<typeof tunnelParams> = {
  name: 'ssh.tunnel',
  description: 'Keeps a port or socket leading through a host, until it is cancelled.',
  schema: tunnelParams,
  hosts: 'none',
  category: 'tunnel',
  permission: 'change',
  onLost: 'retry',
  retry: NO_RETRY,
  resident: true,
  title: ({ name, host, forward }) => `tunnel ${name}: ${describeForward(forward)} through ${host}`,
  async run(work) {
    const { cancel, leave } = work;
    const stop = AbortSignal.any([cancel, leave]);
    const reports = new Reports(work);
    const earlier = work.steps.get(STATUS_STEP) as TunnelStatus | undefined;
    const tunnel = await opened(work, earlier, reports, stop);
    try {
      reports.begin(tunnel);
      if (!earlier) await firstConnection(tunnel, stop);
      await reports.untilStopped(stop);
    } finally {
      await tunnel.close();
    }
    leave.throwIfAborted();
    cancel.throwIfAborted();
    throw new DeckhandError('internal.defect', 'A tunnel ended by itself.');
  },
};

/** `8080 → 127.0.0.1:80` and the like. */
function describeForward(forward: Forward): string {
  const listen = showEndpoint(forward.listen);
  if (forward.kind === 'dynamic') return `${listen} (SOCKS)`;
  return forward.kind === 'local'
    ? `${listen} to ${showEndpoint(forward.target)}`
    : `${listen} there to ${showEndpoint(forward.target)} here`;
}

/** A port that is taken fails a new tunnel; one that had it before waits for its port. */
async function opened(
  work: Work,
  earlier: TunnelStatus | undefined,
  reports: Reports,
  stop: AbortSignal,
): Promise<Tunnel> {
  for (;;) {
    stop.throwIfAborted();
    try {
      return await Tunnel.open(optionsOf(work, earlier?.listening ?? null, reports));
    } catch (thrown) {
      const error = toDeckhandError(thrown);
      if (!earlier || error.code !== 'tunnel.port-busy') throw error;
      reports.waitsForPort(earlier, error);
      await work.clock.sleep(PORT_PAUSE, stop).catch(() => undefined);
    }
  }
}

function optionsOf(
  { params, hosts, clock }: Work,
  had: Endpoint | null,
  reports: Reports,
): Parameters<typeof Tunnel.open>[0] {
  const { host, forward, anyPort, hold, protocol, health } = params;
  const wantsAny = 'port' in forward.listen && forward.listen.port === 0;
  const keepsPort = had !== null && (wantsAny || anyPort);
  return {
    host,
    forward: keepsPort ? { ...forward, listen: had } : forward,
    // a port that was found by chance once is kept where possible
    anyPort: anyPort || wantsAny,
    hold,
    protocol,
    health: { interval: health.interval, ...(health.path === undefined ? {} : { path: health.path }) },
    connect: async options =>
      await hosts.ownConnection(host, {
        ...options,
        keepAliveInterval: KEEP_ALIVE,
        // a host that listens for us must let go of its port when this process is killed: its own socket says so at once
        forForwards: forward.kind !== 'remote',
      }),
    clock,
    random: Math.random,
    onChange: change => reports.changed(change),
  };
}

/** What only a person can mend fails a new tunnel; a host that is away does not: it is tried again. */
async function firstConnection(tunnel: Tunnel, stop: AbortSignal): Promise<void> {
  try {
    await tunnel.ready(FIRST_PATIENCE, stop);
  } catch (thrown) {
    stop.throwIfAborted();
    const error = toDeckhandError(thrown);
    if (!mayComeRight(error)) throw error;
  }
}

/** Tells the store how the tunnel is: changes at once, counters every few seconds. */
class Reports {
  readonly #work: Work;
  readonly #clock: Clock;
  #tunnel: Tunnel | null = null;
  #phase = '';
  #kept = '';
  #changed = Promise.withResolvers<void>();

  constructor(work: Work) {
    this.#work = work;
    this.#clock = work.clock;
  }

  begin(tunnel: Tunnel): void {
    this.#tunnel = tunnel;
    void this.#keep();
  }

  changed({
    what,
    state,
    text,
  }: {
    readonly what: string;
    readonly state: string;
    readonly text: string;
  }): void {
    if (what === 'link' && state !== 'closed') this.#tellPhase(state);
    const words = text === '' ? '' : `: ${text}`;
    if (what === 'health' || text !== '') this.#work.emit({ kind: 'note', text: `${what} ${state}${words}` });
    this.#changed.resolve();
  }

  waitsForPort(earlier: TunnelStatus, error: DeckhandError): void {
    if (this.#phase === 'port-busy') return;
    this.#tellPhase('port-busy');
    this.#work.emit({ kind: 'note', text: error.message });
    const at = this.#clock.now();
    const status = { ...earlier, link: 'down', lastError: error.toJSON(), at };
    void this.#work.remember(STATUS_STEP, status);
  }

  async untilStopped(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      this.#changed = Promise.withResolvers();
      await this.#keep();
      const rest = new AbortController();
      const sleep = this.#clock.sleep(REPORT, AbortSignal.any([stop, rest.signal])).catch(() => undefined);
      await Promise.race([sleep, this.#changed.promise]);
      rest.abort();
    }
  }

  async #keep(): Promise<void> {
    if (!this.#tunnel) return;
    const status = this.#tunnel.status();
    // a tunnel that nobody uses writes nothing
    const news = JSON.stringify({ ...status, at: 0, health: { ...status.health, latency: 0 } });
    if (news === this.#kept) return;
    this.#kept = news;
    await this.#work.remember(STATUS_STEP, { ...status });
  }

  #tellPhase(phase: string): void {
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.#work.phase(phase);
  }
}
