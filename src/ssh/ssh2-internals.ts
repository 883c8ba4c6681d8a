import type { Client, ClientChannel } from 'ssh2';

/**
 * The three places where the library's public interface is not enough, kept in one file so that an
 * update of the library has one thing to check (the conformance suite fails when they change).
 */
interface ClientInternals {
  readonly _protocol?: { signal(channel: number, name: string): void };
  readonly _chanMgr?: { readonly _channels: Readonly<Record<string, { close?: () => void } | undefined>> };
}
interface ChannelInternals {
  readonly incoming: { readonly state: string };
  readonly outgoing: { readonly id: number; readonly state: string };
}

/** Sends a signal also after the end of input, where the public method silently does nothing. */
export function sendSignal(client: Client, channel: ClientChannel, name: string): void {
  const { outgoing } = channel as unknown as ChannelInternals;
  if (outgoing.state !== 'open' && outgoing.state !== 'eof') return;
  (client as unknown as ClientInternals)._protocol?.signal(outgoing.id, name);
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
