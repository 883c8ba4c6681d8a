import type { TcpEndpoint } from '../core/endpoint.ts';

/** RFC 1928, the part of it that a client needs to connect: no login, CONNECT, addresses and names. Pure. */

const VERSION = 5;
const NO_LOGIN = 0;
const NONE_ACCEPTABLE = 0xff;
const CONNECT = 1;

/** Second byte of an answer. */
export const REPLY = {
  granted: 0,
  failed: 1,
  forbidden: 2,
  refused: 5,
  unknownCommand: 7,
  unknownAddress: 8,
} as const;

/** What the bytes so far say; null = more are needed. `length`: how many of them it took. */
export type Greeting = { readonly length: number; readonly answer: Uint8Array; readonly accepted: boolean };
export type Request =
  | { readonly length: number; readonly target: TcpEndpoint }
  | { readonly length: number; readonly refusal: number };

export function readGreeting(bytes: Uint8Array): Greeting | null {
  const [version, count] = bytes;
  if (version === undefined) return null;
  if (version !== VERSION) return { length: bytes.length, answer: new Uint8Array(), accepted: false };
  if (count === undefined || bytes.length < 2 + count) return null;
  const accepted = bytes.subarray(2, 2 + count).includes(NO_LOGIN);
  const answer = Uint8Array.of(VERSION, accepted ? NO_LOGIN : NONE_ACCEPTABLE);
  return { length: 2 + count, answer, accepted };
}

export function readRequest(bytes: Uint8Array): Request | null {
  if (bytes.length < 5) return null;
  const [version, command, , type, first = 0] = bytes;
  const size = type === 1 ? 4 : type === 4 ? 16 : type === 3 ? 1 + first : 0;
  if (version !== VERSION || size === 0) return { length: bytes.length, refusal: REPLY.unknownAddress };
  const length = 4 + size + 2;
  if (bytes.length < length) return null;
  if (command !== CONNECT) return { length, refusal: REPLY.unknownCommand };
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, length);
  const host = type === 3 ? view.toString('utf8', 5, 4 + size) : addressText(view.subarray(4, 4 + size));
  const port = view.readUInt16BE(4 + size);
  if (host === '' || port === 0) return { length, refusal: REPLY.unknownAddress };
  return { length, target: { host, port } };
}

/** The answer to a request; the address in it says nothing, as from OpenSSH. */
export function replyTo(reply: number): Uint8Array {
  return Uint8Array.of(VERSION, reply, 0, 1, 0, 0, 0, 0, 0, 0);
}

function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return groups.join(':');
}
