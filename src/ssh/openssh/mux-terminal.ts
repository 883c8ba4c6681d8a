import { DeckhandError } from '../../core/deckhand-error.ts';
import type { HostTerminal, TerminalOptions } from '../connection.ts';
import type { ResolvedHost } from '../resolved-host.ts';
import { endOfTerminal } from '../terminal-end.ts';
import type { ChannelExit, MuxChannel } from './mux-channel.ts';
import { lengthPrefixed, uint32 } from './mux-packets.ts';
import { MuxStream } from './mux-stream.ts';

/** Terminal modes: none, only the mark of their end. */
const NO_MODES = Uint8Array.of(0);
const NOTHING = new Uint8Array();

/** A terminal's channel as a stream that knows how its program ended. */
export class MuxTerminalStream extends MuxStream {
  #exit: ChannelExit | null = null;

  override onExit(exit: ChannelExit): void {
    this.#exit = exit;
  }

  get exit(): { readonly exitCode: number | null; readonly signal: string | null } | null {
    return this.#exit && { exitCode: this.#exit.code, signal: this.#exit.signal };
  }
}

/** Asks for the terminal and for what runs on it. Throws `host.unsupported`, `ssh.no-shell`. */
export async function startTerminal(
  channel: MuxChannel,
  { columns, rows, term, command }: TerminalOptions,
  { name: host, user }: ResolvedHost,
): Promise<void> {
  const size = uint32(columns, rows, 0, 0);
  const pty = Buffer.concat([lengthPrefixed(term), size, lengthPrefixed(NO_MODES)]);
  if (!(await channel.request('pty-req', pty)))
    throw new DeckhandError('host.unsupported', `${host} gives no terminal (PermitTTY).`, {
      details: { host },
    });
  const granted =
    command === undefined
      ? channel.request('shell', NOTHING)
      : channel.request('exec', lengthPrefixed(command));
  if (await granted) return;
  throw new DeckhandError('ssh.no-shell', `${host} refuses to run commands for ${user}.`, {
    details: { host },
  });
}

/** Must be called before anything is asked of the channel, so that no end is missed. */
export function terminalOn(stream: MuxTerminalStream, channel: MuxChannel): HostTerminal {
  return {
    stream,
    ended: endOfTerminal(stream, () => stream.exit),
    resize: ({ columns, rows }) => channel.notify('window-change', uint32(columns, rows, 0, 0)),
    signal: name => channel.notify('signal', lengthPrefixed(name)),
  };
}
