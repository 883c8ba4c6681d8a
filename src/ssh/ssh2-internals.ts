import type { Client, ClientChannel } from 'ssh2';

/**
 * The two places where the library's public interface is not enough, kept in one file so that an
 * update of the library has one thing to check (the conformance suite fails when they change).
 */
interface ClientInternals {
  readonly _protocol?: { signal(channel: number, name: string): void };
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
