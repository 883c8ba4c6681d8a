import { DeckhandError } from '../core/deckhand-error.ts';
import { type Endpoint, showEndpoint } from '../core/endpoint.ts';

/** RFC 4254, reason of a refused channel: administratively prohibited. */
const PROHIBITED = 1;

/** Why the host did not connect to the target, by the reason of its answer; pure. */
export function forwardError(
  host: string,
  target: Endpoint,
  { reason, text }: { readonly reason: unknown; readonly text: string },
): DeckhandError {
  const details = { host, target: showEndpoint(target), reason, text };
  if (reason === PROHIBITED) {
    const message = `${host} forbids connections to ${showEndpoint(target)}: ${text}.`;
    return new DeckhandError('tunnel.forward-denied', message, { details });
  }
  const message = `${host} cannot connect to ${showEndpoint(target)}: ${text}.`;
  const isSocket = 'path' in target;
  return new DeckhandError('tunnel.target-refused', message, {
    details,
    ...(isSocket
      ? {
          hint: 'Nothing listens on this socket, the account may not use it, or the server forbids it (AllowStreamLocalForwarding).',
        }
      : {}),
  });
}

/** The host did not begin to listen; servers do not say why. */
export function listenError(host: string, endpoint: Endpoint, cause?: unknown): DeckhandError {
  return new DeckhandError(
    'tunnel.listen-refused',
    `${host} does not listen on ${showEndpoint(endpoint)}: it is taken, this account may not use it, or forwarding is forbidden.`,
    {
      details: { host, endpoint: showEndpoint(endpoint) },
      ...(cause === undefined ? {} : { cause }),
    },
  );
}
export function listensAlready(host: string, endpoint: Endpoint): DeckhandError {
  return new DeckhandError(
    'tunnel.port-busy',
    `${host} listens on ${showEndpoint(endpoint)} already, for this connection.`,
    { details: { host, endpoint: showEndpoint(endpoint) } },
  );
}
/** Whoever asked no longer waits. */
export function forwardCancelled(host: string, cause: unknown): DeckhandError {
  return new DeckhandError('command.cancelled', `A connection through ${host} was cancelled.`, { cause });
}
