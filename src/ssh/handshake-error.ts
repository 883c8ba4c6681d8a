import { DeckhandError } from '../core/deckhand-error.ts';
import type { HandshakeStage } from './banner-watch.ts';
import type { ResolvedHost } from './resolved-host.ts';

/** How an attempt ended before anybody was logged in. */
export type HandshakeEnd =
  | { readonly kind: 'timeout'; readonly stage: HandshakeStage | 'dialling' }
  | { readonly kind: 'foreign'; readonly firstLine: string }
  | { readonly kind: 'closed'; readonly stage: HandshakeStage }
  | {
      readonly kind: 'error';
      readonly stage: HandshakeStage;
      readonly error: Error;
      readonly credentials: { failure(): DeckhandError };
    };

/** RFC 4253: PROTOCOL_ERROR is what OpenSSH sends for too many failures, 14 is no more methods. */
const AUTHENTICATION_REASONS: readonly unknown[] = [2, 14];

const TIMEOUT_PLACES: Readonly<Record<HandshakeStage | 'dialling', string>> = {
  dialling: 'did not answer',
  greeting: 'accepted the connection but sent no SSH greeting',
  'key-exchange': 'did not finish the key exchange',
  authentication: 'did not finish the authentication',
};

/** The one place where an unfinished handshake becomes a code; pure. */
export function handshakeError(host: ResolvedHost, end: HandshakeEnd): DeckhandError {
  const where = `${host.address}:${host.port} (${host.name})`;
  const details = { host: host.name, address: host.address, port: host.port };
  if (end.kind === 'foreign') {
    return new DeckhandError('ssh.not-ssh', `${where} does not speak SSH; it said '${end.firstLine}'.`, {
      details,
    });
  }
  if (end.kind === 'timeout') {
    const message = `${where} ${TIMEOUT_PLACES[end.stage]} within the connect timeout.`;
    return new DeckhandError('ssh.connect-timeout', message, { details: { ...details, stage: end.stage } });
  }
  if (end.kind === 'closed') return closedEarly(where, end.stage, details);
  return fromLibrary(where, end, details);
}

function fromLibrary(
  where: string,
  end: Extract<HandshakeEnd, { kind: 'error' }>,
  details: Readonly<Record<string, unknown>>,
): DeckhandError {
  const { error, stage } = end;
  const level = 'level' in error ? error.level : undefined;
  const code = 'code' in error ? error.code : undefined;
  if (level === 'handshake' && /no matching/.test(error.message)) {
    const message = `${where} and this client have no algorithm in common: ${error.message}.`;
    return new DeckhandError('ssh.no-common-algorithm', message, { details, cause: error });
  }
  if (stage === 'authentication' && AUTHENTICATION_REASONS.includes(code)) return end.credentials.failure();
  const earlyEnd = level === 'client-socket' || error.message === 'Connection lost before handshake';
  if (earlyEnd || typeof code === 'number') return closedEarly(where, stage, details, error);
  if (stage === 'greeting') {
    return new DeckhandError('ssh.not-ssh', `${where} does not speak SSH: ${error.message}.`, {
      details,
      cause: error,
    });
  }
  return new DeckhandError('ssh.connection-lost', `The handshake with ${where} broke: ${error.message}.`, {
    details: { ...details, stage },
    cause: error,
  });
}

function closedEarly(
  where: string,
  stage: HandshakeStage,
  details: Readonly<Record<string, unknown>>,
  cause?: Error,
): DeckhandError {
  const place = stage === 'greeting' ? 'before its greeting' : `during the ${stage.replace('-', ' ')}`;
  return new DeckhandError('ssh.handshake-refused', `${where} closed the connection ${place}.`, {
    details: { ...details, stage },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A hop of the jump chain failed; the deepest one is named. */
export function jumpError(host: ResolvedHost, hop: string, cause: DeckhandError): DeckhandError {
  if (cause.code === 'ssh.jump-failed') return cause;
  return new DeckhandError(
    'ssh.jump-failed',
    `${host.name} is reached through ${hop}, which failed: ${cause.message}`,
    { details: { host: host.name, hop, code: cause.code, cause: cause.toJSON() }, cause },
  );
}
