import type { Duplex } from 'node:stream';
import { type Clock, systemClock } from '../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { ConnectOptions, SshConnection, SshEngine } from './connection.ts';
import { tryConnecting } from './connect-attempts.ts';
import { Deadline } from './deadline.ts';
import { dial } from './dial.ts';
import { handshake } from './handshake.ts';
import { handshakeError, jumpError } from './handshake-error.ts';
import { resolveHost } from './resolve-host.ts';
import type { ResolvedHost } from './resolved-host.ts';
import { Ssh2Connection } from './ssh2-connection.ts';
import type { Ssh2Link } from './ssh2-link.ts';

const DEFAULT_CONNECT_TIMEOUT = 15_000;
const LONGEST_CHAIN = 8;

export interface Ssh2EngineOptions {
  readonly clock?: Clock;
  /** From 0 to 1; spreads the attempts of many clients. */
  readonly random?: () => number;
}

/** The engine on the `ssh2` library: one TCP connection per host, or a channel through its jump hosts. */
export function createSsh2Engine(engineOptions: Ssh2EngineOptions = {}): SshEngine {
  const clock = engineOptions.clock ?? systemClock;
  const random = engineOptions.random ?? Math.random;
  return {
    name: 'ssh2',
    connect: async (host, options): Promise<SshConnection> => {
      const hops: Ssh2Link[] = [];
      try {
        const link = await openChain(host, options, { clock, random, hops, depth: 0 });
        return new Ssh2Connection(link, hops, clock);
      } catch (error) {
        for (const hop of hops.toReversed()) await hop.close();
        throw error instanceof DeckhandError ? error : translate(error, options.signal);
      }
    },
  };
}

export const ssh2Engine: SshEngine = createSsh2Engine();

interface Chain {
  readonly clock: Clock;
  readonly random: () => number;
  /** Filled with the open links, first hop first. */
  readonly hops: Ssh2Link[];
  readonly depth: number;
}

async function openChain(host: ResolvedHost, options: ConnectOptions, chain: Chain): Promise<Ssh2Link> {
  refuseUnsupported(host);
  let through: Ssh2Link | null = null;
  for (const [index, name] of host.proxyJump.entries()) {
    through = await passHop(host, name, index === 0 ? null : through, options, chain);
    chain.hops.push(through);
  }
  return openLink(host, through, options, chain);
}

/** Only the first hop follows its own jump configuration; the others are reached through the one before. */
async function passHop(
  host: ResolvedHost,
  name: string,
  through: Ssh2Link | null,
  options: ConnectOptions,
  chain: Chain,
): Promise<Ssh2Link> {
  try {
    if (chain.depth >= LONGEST_CHAIN) {
      throw new DeckhandError(
        'settings.invalid',
        `The jump chain of ${host.name} is longer than ${LONGEST_CHAIN}.`,
      );
    }
    const { onStage: _targetOnly, ...hopOptions } = options;
    const resolve = options.resolve ?? ((target, signal) => resolveHost(target, { signal }));
    const hop = await resolve(name, options.signal);
    if (through !== null) return await openLink(hop, through, hopOptions, chain);
    return await openChain(hop, hopOptions, { ...chain, depth: chain.depth + 1 });
  } catch (error) {
    if (options.signal.aborted) throw error;
    throw jumpError(host, name, toDeckhandError(error));
  }
}

/** One link, tried again with growing pauses as long as the server turns us away before its greeting. */
async function openLink(
  host: ResolvedHost,
  through: Ssh2Link | null,
  options: ConnectOptions,
  chain: Chain,
): Promise<Ssh2Link> {
  refuseUnsupported(host);
  using deadline = new Deadline(
    options.connectTimeout ?? host.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT,
    options.signal,
  );
  return await tryConnecting(
    async () => handshake(host, await openStream(host, through, deadline), options, deadline),
    deadline,
    chain,
  );
}

async function openStream(host: ResolvedHost, through: Ssh2Link | null, deadline: Deadline): Promise<Duplex> {
  try {
    return through === null
      ? await dial(host, deadline.signal)
      : await tunnel(host, through, deadline.signal);
  } catch (error) {
    if (deadline.expired) throw handshakeError(host, { kind: 'timeout', stage: 'dialling' });
    throw error;
  }
}

async function tunnel(host: ResolvedHost, through: Ssh2Link, signal: AbortSignal): Promise<Duplex> {
  const hop = through.facts.host.name;
  const stopped = Promise.withResolvers<never>();
  const stop = (): void => stopped.reject(signal.reason as Error);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([through.forward(host.address, host.port), stopped.promise]);
  } catch (error) {
    if (signal.aborted) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const cause = new DeckhandError(
      'ssh.unreachable',
      `${hop} cannot open a connection to ${host.address}:${host.port}: ${reason}`,
      { details: { host: host.name, address: host.address, port: host.port }, cause: error },
    );
    throw jumpError(host, hop, cause);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function refuseUnsupported(host: ResolvedHost): void {
  if (host.unsupported === null) return;
  throw new DeckhandError(
    'ssh.unsupported-configuration',
    `The configuration of ${host.name} uses ${host.unsupported}, which the ssh2 engine cannot do.`,
    { details: { host: host.name, option: host.unsupported } },
  );
}

function translate(error: unknown, signal: AbortSignal): DeckhandError {
  if (!signal.aborted) return toDeckhandError(error);
  return new DeckhandError('command.cancelled', 'Connecting was cancelled.', { cause: error });
}
