import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { Endpoint, TcpEndpoint } from '../core/endpoint.ts';
import { Intake } from './intake.ts';
import { joinStreams, reset } from './join-streams.ts';
import { LinkedAbort, OVER } from './linked-abort.ts';
import { openThrough, type Passage } from './open-through.ts';
import { looksLikeHttp, type Protocol, refuseClient } from './refuse-client.ts';
import { readGreeting, readRequest, REPLY, replyTo } from './socks.ts';

/** Milliseconds after which a held client that has ended its side counts as gone. */
const GIVEN_UP = 1_000;

export interface ServeOptions extends Passage {
  readonly protocol: Protocol;
  /** Aborted: every client is cut. */
  readonly signal: AbortSignal;
}

/** Leads one client of a local port to the target. Never throws. */
export async function serveClient(client: Socket, target: Endpoint, options: ServeOptions): Promise<void> {
  const intake = new Intake(client);
  options.counters.total += 1;
  try {
    const stream = await reach(intake, target, options);
    await join(client, intake, stream, options);
  } catch (error) {
    await refuse(options, client, intake, error);
  }
}

/** The same where the client says the target itself (SOCKS5). */
export async function serveSocksClient(client: Socket, options: ServeOptions): Promise<void> {
  const intake = new Intake(client);
  options.counters.total += 1;
  try {
    const target = await targetOf(client, intake);
    if (target === null) {
      options.counters.failed += 1;
      client.end();
      return;
    }
    const stream = await reach(intake, target, options);
    client.write(replyTo(REPLY.granted));
    await join(client, intake, stream, options);
  } catch (error) {
    options.counters.failed += 1;
    if (intake.gone.aborted) return;
    const { code } = toDeckhandError(error);
    const reply =
      code === 'tunnel.forward-denied'
        ? REPLY.forbidden
        : code === 'tunnel.target-refused'
          ? REPLY.refused
          : REPLY.failed;
    client.end(replyTo(reply));
  }
}

/** Leads one connection that arrived on the host to a target of this machine. Never throws. */
export async function serveArrival(
  arrival: Duplex,
  open: () => Promise<Duplex>,
  { counters }: Pick<ServeOptions, 'counters'>,
): Promise<void> {
  const intake = new Intake(arrival);
  arrival.on('error', () => undefined);
  counters.total += 1;
  try {
    const stream = await open();
    // what comes from the host is on its way to the target
    await count(counters, joinStreams(arrival, stream, { ...intake.release(), ...bytesOf(counters) }));
  } catch {
    counters.failed += 1;
    reset(arrival);
  }
}

/**
 * As `openThrough`, and gives up for a client that is gone. A request in HTTP whose client has hung up is not
 * carried out later; in other protocols the end of what is sent says nothing of the kind.
 */
async function reach(intake: Intake, target: Endpoint, options: ServeOptions): Promise<Duplex> {
  using left = new LinkedAbort(intake.gone, options.signal);
  const watch = async (): Promise<void> => {
    while (!intake.ended && !left.signal.aborted) await intake.more;
    if (left.signal.aborted) return;
    // some say all they have to say and end their side at once: they wait for the answer, for a while
    await options.clock.sleep(GIVEN_UP, left.signal).catch(() => undefined);
    if (looksLikeHttp(intake.bytes)) left.abort(OVER);
  };
  void watch();
  try {
    const stream = await openThrough(options, target, left.signal);
    if (!left.signal.aborted) return stream;
    stream.destroy();
    throw left.signal.reason;
  } finally {
    left.abort(OVER);
  }
}

async function join(client: Socket, intake: Intake, stream: Duplex, options: ServeOptions): Promise<void> {
  const { counters, signal } = options;
  const cut = (): void => reset(client);
  signal.addEventListener('abort', cut, { once: true });
  await count(counters, joinStreams(client, stream, { ...intake.release(), ...bytesOf(counters) }));
  signal.removeEventListener('abort', cut);
}

async function count(counters: ServeOptions['counters'], joined: Promise<'ended' | 'cut'>): Promise<void> {
  counters.open += 1;
  const end = await joined;
  counters.open -= 1;
  if (end === 'cut') counters.failed += 1;
}

function bytesOf(counters: ServeOptions['counters']): {
  readonly onSent: (count: number) => void;
  readonly onReceived: (count: number) => void;
} {
  return {
    onSent: bytes => {
      counters.sent += bytes;
    },
    onReceived: bytes => {
      counters.received += bytes;
    },
  };
}

async function refuse(options: ServeOptions, client: Socket, intake: Intake, thrown: unknown): Promise<void> {
  options.counters.failed += 1;
  if (intake.gone.aborted || options.signal.aborted) {
    reset(client);
    return;
  }
  const error: DeckhandError = toDeckhandError(thrown);
  await refuseClient(client, intake, error, options);
}

/** Null: it speaks no SOCKS5, wants what is not given, or went away. */
async function targetOf(client: Socket, intake: Intake): Promise<TcpEndpoint | null> {
  const greeting = await read(intake, readGreeting);
  if (greeting === null) return null;
  intake.drop(greeting.length);
  if (greeting.answer.length > 0) client.write(greeting.answer);
  if (!greeting.accepted) return null;
  const request = await read(intake, readRequest);
  if (request === null) return null;
  intake.drop(request.length);
  if ('target' in request) return request.target;
  client.write(replyTo(request.refusal));
  return null;
}

async function read<Message>(
  intake: Intake,
  parse: (bytes: Uint8Array) => Message | null,
): Promise<Message | null> {
  for (;;) {
    const message = parse(intake.bytes);
    if (message !== null || intake.ended || intake.gone.aborted) return message;
    await intake.more;
  }
}
