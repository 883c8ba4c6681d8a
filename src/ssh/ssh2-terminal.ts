import type { ClientChannel } from 'ssh2';
import type { HostTerminal, TerminalEnd, TerminalOptions } from './connection.ts';
import { sendSignal } from './ssh2-internals.ts';
import type { Ssh2Link } from './ssh2-link.ts';
import { Ssh2Stream } from './ssh2-stream.ts';
import { endOfTerminal } from './terminal-end.ts';

/** Opens a session with a terminal on it. Throws what the library throws, and the signal's reason. */
export function openSsh2Terminal(link: Ssh2Link, options: TerminalOptions): Promise<HostTerminal> {
  const { signal, command, columns, rows, term } = options;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    const onOpen = (error: Error | undefined, channel: ClientChannel): void => {
      signal.removeEventListener('abort', stop);
      if (error) reject(error);
      else if (signal.aborted) channel.close();
      // here, not after an await: a short command's channel may close within this very turn
      else resolve(terminalOn(link, channel));
    };
    const window = { cols: columns, rows, term };
    if (command === undefined) link.client.shell(window, onOpen);
    else link.client.exec(command, { pty: window }, onOpen);
  });
}

function terminalOn(link: Ssh2Link, channel: ClientChannel): HostTerminal {
  let exit: Omit<TerminalEnd, 'reason'> | null = null;
  channel.on('exit', (code: number | null, name?: string) => {
    exit = { exitCode: code, signal: name === undefined ? null : name.replace(/^SIG/, '') };
  });
  const stream = new Ssh2Stream(link, channel);
  return {
    stream,
    ended: endOfTerminal(stream, () => exit),
    resize: ({ columns, rows }) => {
      if (!stream.destroyed) channel.setWindow(rows, columns, 0, 0);
    },
    signal: name => {
      if (!stream.destroyed) sendSignal(link.client, channel, name);
    },
  };
}
