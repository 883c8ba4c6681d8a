import type { Duplex } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import type { DeckhandError } from '../core/deckhand-error.ts';
import type { Intake } from './intake.ts';
import { reset } from './join-streams.ts';

export type Protocol = 'auto' | 'http' | 'tcp';

/** Seconds after which a client may ask again. */
const RETRY_AFTER = 5;
/** Milliseconds in which a client that speaks HTTP has begun to. */
const FIRST_WORDS = 500;

const REQUEST_LINE = /^[A-Z]{3,12} [^\s]{1,8000} HTTP\/1\.[01]\r?\n/;

/** True: these first bytes are an HTTP request. */
export function looksLikeHttp(bytes: Uint8Array): boolean {
  return REQUEST_LINE.test(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'));
}

/** Tells a client why it gets no connection: an answer in HTTP, or a reset. */
export async function refuseClient(
  client: Duplex,
  intake: Intake,
  error: DeckhandError,
  { protocol, clock }: { readonly protocol: Protocol; readonly clock: Clock },
): Promise<void> {
  if (protocol === 'auto' && intake.bytes.length === 0 && !intake.ended) {
    const rest = new AbortController();
    const sleep = clock.sleep(FIRST_WORDS, rest.signal).catch(() => undefined);
    await Promise.race([sleep, intake.more]);
    rest.abort();
  }
  const isHttp = protocol === 'http' || (protocol === 'auto' && looksLikeHttp(intake.bytes));
  if (isHttp && !client.destroyed) client.end(httpRefusal(error));
  else reset(client);
}

/** The answer to an HTTP request; the words of an error stay plain data in JSON. */
export function httpRefusal({ code, message, traits }: DeckhandError): string {
  const type = code.replaceAll(/[.-]/g, '_');
  const status = traits.httpStatus === 502 ? '502 Bad Gateway' : '503 Service Unavailable';
  const body = JSON.stringify({ error: { type, code: Number.parseInt(status, 10), message } });
  const again = code === 'tunnel.down' ? [`retry-after: ${RETRY_AFTER}`] : [];
  const head = [
    `HTTP/1.1 ${status}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    ...again,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
