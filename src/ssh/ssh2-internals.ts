import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';

/**
 * The few places where the library's public interface is not enough, kept in one file so that an
 * update of the library has one thing to check (the conformance suite fails when they change).
 */
interface ClientInternals {
  readonly _protocol?: {
    signal(channel: number, name: string): void;
    channelWindowAdjust(channel: number, bytes: number): void;
    _cipher: unknown;
    _decipher: unknown;
  };
  readonly _chanMgr?: { readonly _channels: Readonly<Record<string, { close?: () => void } | undefined>> };
}
interface ChannelInternals {
  readonly incoming: { readonly state: string; window: number };
  readonly outgoing: { readonly id: number; readonly state: string };
}

/** Sends a signal also after the end of input, where the public method silently does nothing. */
export function sendSignal(client: Client, channel: ClientChannel, name: string): void {
  const { outgoing } = channel as unknown as ChannelInternals;
  if (outgoing.state !== 'open' && outgoing.state !== 'eof') return;
  (client as unknown as ClientInternals)._protocol?.signal(outgoing.id, name);
}

/** Bytes on their way to us, or waiting for their reader, that one fast line from far away needs. */
const WIDE = 8 * 1024 * 1024;

/**
 * Lets a server send more before it hears from us: the library's 2 MiB for each round trip are 20 MB/s at 100 ms. To be
 * called when the channel opens; the answer is to be called after each piece that the reader took.
 */
export function widenWindow(client: Client, channel: ClientChannel): () => void {
  const { incoming, outgoing } = channel as unknown as ChannelInternals;
  const more = (): void => {
    const waiting = channel.readableLength + channel.stderr.readableLength;
    const bytes = WIDE - incoming.window - waiting;
    if (bytes < WIDE / 8 || outgoing.state === 'closed') return;
    incoming.window += bytes;
    (client as unknown as ClientInternals)._protocol?.channelWindowAdjust(outgoing.id, bytes);
  };
  more();
  return more;
}

/** True when the server has said that no more output comes. */
export function sawEndOfOutput(channel: ClientChannel): boolean {
  return (channel as unknown as ChannelInternals).incoming.state !== 'open';
}

/** The channels a connection has open, by the library's own number, to find one it gave no object for. */
export function channelsOf(client: Client): {
  ids(): string[];
  close(id: string | undefined): void;
} {
  const channels = (): Readonly<Record<string, { close?: () => void } | undefined>> =>
    (client as unknown as ClientInternals)._chanMgr?._channels ?? {};
  return {
    ids: () => Object.keys(channels()),
    close: id => {
      if (id !== undefined) channels()[id]?.close?.();
    },
  };
}

/** A GCM cipher of the library in JavaScript; one that is compiled has neither field. */
interface Keyed {
  readonly _encSSLName?: string;
  readonly _decipherSSLName?: string;
  _encKey?: Uint8Array | KeyObject;
  _decipherKey?: Uint8Array | KeyObject;
}

/**
 * Gives the ciphers of a client, those of later key exchanges too, their keys as key objects: they take one
 * for each packet, and a key made of bytes anew each time costs more than the packet. After `connect`.
 */
export function keepKeysReady(client: Client): void {
  const protocol = (client as unknown as ClientInternals)._protocol;
  if (protocol === undefined) return;
  for (const name of ['_cipher', '_decipher'] as const) {
    let value = protocol[name];
    Object.defineProperty(protocol, name, {
      configurable: true,
      enumerable: true,
      get: () => value,
      set: (next: unknown) => {
        value = withKeyObject(next);
      },
    });
  }
}

function withKeyObject(cipher: unknown): unknown {
  const keyed = cipher as Keyed | undefined;
  if (keyed?._encSSLName?.includes('gcm') && keyed._encKey instanceof Uint8Array)
    keyed._encKey = createSecretKey(keyed._encKey);
  if (keyed?._decipherSSLName?.includes('gcm') && keyed._decipherKey instanceof Uint8Array)
    keyed._decipherKey = createSecretKey(keyed._decipherKey);
  return cipher;
}

/** What the library writes in one go, three pieces for each packet, leaves as one call of the system. */
export function writeTogether(stream: Duplex): void {
  const write = stream.write.bind(stream) as (...words: unknown[]) => boolean;
  let isCorked = false;
  const uncork = (): void => {
    isCorked = false;
    stream.uncork();
  };
  stream.write = (...words: unknown[]): boolean => {
    if (!isCorked) {
      isCorked = true;
      stream.cork();
      process.nextTick(uncork);
    }
    return write(...words);
  };
}
