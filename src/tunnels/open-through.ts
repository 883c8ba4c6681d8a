import type { Duplex } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { Endpoint } from '../core/endpoint.ts';
import { LinkedAbort, OVER } from './linked-abort.ts';
import type { LinkKeeper } from './link-keeper.ts';
import type { Counters } from './statistics.ts';

/** Connections that wait at once; one more is refused. */
const MOST_HELD = 512;
/** Milliseconds between two tries of a target that refused: a restarting server is back within seconds. */
const REFUSED_PAUSE = 200;
/** Milliseconds over which the release of the held is spread, for each: all at once they would overrun a server's backlog. */
const SPREAD = 2;
/** Milliseconds that opening may take where nothing is held. */
const LEAST_PATIENCE = 15_000;

export interface Passage {
  readonly link: Pick<LinkKeeper, 'connection' | 'state' | 'error' | 'changed'>;
  readonly clock: Clock;
  readonly counters: Counters;
  /** Milliseconds a connection is held that could not be opened yet. */
  readonly hold: number;
  /** 0 … 1. */
  readonly random: () => number;
  /** For error texts. */
  readonly host: string;
}

/**
 * Opens a connection to the target, as soon as there is a way and within the hold. Nothing has been sent yet,
 * so trying again is always safe. Throws `tunnel.down`, `tunnel.needs-attention`, `tunnel.target-refused`,
 * `tunnel.forward-denied`, and `command.cancelled` when the signal says so.
 */
export async function openThrough(passage: Passage, target: Endpoint, signal: AbortSignal): Promise<Duplex> {
  const { link, clock, counters, hold } = passage;
  const began = clock.monotonic();
  using patience = new LinkedAbort(signal);
  giveUpAfter(clock, Math.max(hold, LEAST_PATIENCE), patience);
  let seated = false;
  try {
    for (;;) {
      const { connection } = link;
      const refusal = connection
        ? await opened(passage, target, patience.signal, signal)
        : refusalOf(passage);
      if (!(refusal instanceof DeckhandError)) return refusal;
      const left = hold - (clock.monotonic() - began);
      if (left <= 0 || !isWorthWaiting(refusal)) throw refusal;
      if (!seated) {
        if (counters.held >= MOST_HELD) throw crowded(passage);
        counters.held += 1;
        counters.heldEver += 1;
        seated = true;
      }
      await waited(
        passage,
        connection !== null && link.connection === connection ? REFUSED_PAUSE : left,
        signal,
      );
      if (link.connection && link.connection !== connection)
        await clock.sleep(passage.random() * counters.held * SPREAD, signal);
    }
  } finally {
    patience.abort(OVER);
    if (seated) counters.held -= 1;
  }
}

/** What a client is told while there is no connection to the host. */
export function refusalOf({ link, host, hold }: Passage): DeckhandError {
  const why = link.error?.message ?? 'it is not connected yet';
  const details = { host, ...(link.error ? { cause: link.error.code } : {}) };
  if (link.state === 'needs-attention') {
    const text = `The tunnel to ${host} waits for a person: ${why}`;
    return new DeckhandError('tunnel.needs-attention', text, { details });
  }
  const waited = hold > 0 ? ` (held for ${hold / 1000} s)` : '';
  return new DeckhandError('tunnel.down', `The tunnel to ${host} is down${waited}: ${why}`, { details });
}

async function opened(
  passage: Passage,
  target: Endpoint,
  patience: AbortSignal,
  signal: AbortSignal,
): Promise<Duplex | DeckhandError> {
  const { link, host } = passage;
  try {
    const stream = await link.connection?.openForward(target, { signal: patience });
    return stream ?? refusalOf(passage);
  } catch (thrown) {
    const error = toDeckhandError(thrown);
    signal.throwIfAborted();
    // the connection broke while the channel was opened: nothing was sent, so it waits like all others
    if (error.code === 'ssh.connection-lost' || error.code === 'ssh.peer-silent') return refusalOf(passage);
    if (!patience.aborted) return error;
    return new DeckhandError('tunnel.down', `${host} did not open the connection in time.`, { cause: error });
  }
}

function isWorthWaiting({ code }: DeckhandError): boolean {
  return code === 'tunnel.down' || code === 'tunnel.target-refused';
}

function crowded({ host }: Passage): DeckhandError {
  return new DeckhandError(
    'tunnel.down',
    `${MOST_HELD} connections wait for the tunnel to ${host} already.`,
    {
      details: { host, limit: MOST_HELD },
    },
  );
}

/** Until the link changes, or for so long. Throws the signal's reason. */
async function waited({ link, clock }: Passage, milliseconds: number, signal: AbortSignal): Promise<void> {
  using enough = new LinkedAbort(signal);
  const sleep = clock.sleep(milliseconds, enough.signal).catch(() => undefined);
  await Promise.race([sleep, link.changed]);
  enough.abort(OVER);
  signal.throwIfAborted();
}

/** Aborts the controller after a while; when that is aborted before, nobody waits any more. */
function giveUpAfter(clock: Clock, milliseconds: number, controller: AbortController): void {
  clock
    .sleep(milliseconds, controller.signal)
    .then(() => controller.abort(OVER))
    .catch(() => undefined);
}
