import type { RawData, WebSocket } from 'ws';
import type { Clock } from '../../core/clock.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { AttachedTerminal } from '../terminal-contract.ts';
import { readClientMessage } from './client-message.ts';
import { type ServerMessage, WINDOW } from './frames.ts';
import { Pace } from './pace.ts';

/** Codes with which a socket is closed: done, going away, a message that is none, no longer allowed. */
const DONE = 1000;
const AWAY = 1001;
const UNSUPPORTED = 1008;
const REVOKED = 4401;

export interface ServeSocketOptions {
  /** Aborted when the socket is closed, or the daemon stops. */
  readonly signal: AbortSignal;
  /** Whether whoever is at the other end may still be there. */
  readonly stillMay: () => Promise<boolean>;
  /** Milliseconds between two looks at that. */
  readonly recheck: number;
  /** Milliseconds between two signs of life; a browser that gave none in between is let go of. */
  readonly heartbeat: number;
  readonly clock: Clock;
}

/** One terminal on one socket, until either ends. */
export async function serveSocket(
  socket: WebSocket,
  line: AttachedTerminal,
  options: ServeSocketOptions,
): Promise<void> {
  const { signal } = options;
  const pace = new Pace(WINDOW);
  socket.on('error', () => socket.terminate());
  socket.on('message', (data, isBinary) => hear(socket, line, pace, data, isBinary));
  using _watch = watch(socket, line, options);
  try {
    for await (const item of line.items()) {
      if (item.item !== 'output') {
        await send(socket, JSON.stringify(item satisfies ServerMessage));
        continue;
      }
      pace.sent(item.bytes.length);
      await send(socket, item.bytes);
      await pace.room(signal);
    }
  } catch {
    // the socket went away: its end of the terminal is let go of, the terminal itself lives on
  }
  socket.close(signal.aborted ? AWAY : DONE);
}

/** Input waits for the host: while it does, nothing more is read from the socket. */
function hear(socket: WebSocket, line: AttachedTerminal, pace: Pace, data: RawData, isBinary: boolean): void {
  if (isBinary) {
    socket.pause();
    void line.write(data as Buffer).finally(() => socket.resume());
    return;
  }
  const message = readClientMessage((data as Buffer).toString('utf8'));
  if (message === null) socket.close(UNSUPPORTED, 'not a message of this protocol');
  else if (message.type === 'resize') line.resize({ columns: message.columns, rows: message.rows });
  else if (message.type === 'answer') line.answer(message.question, message.answer);
  else if (message.type === 'close') line.close();
  else if (!pace.taken(message.bytes)) socket.close(UNSUPPORTED, 'more taken than sent');
}

/** Signs of life, and whether the caller may still be there. */
function watch(socket: WebSocket, line: AttachedTerminal, options: ServeSocketOptions): Disposable {
  const over = new AbortController();
  let heard = true;
  socket.on('pong', () => {
    heard = true;
  });
  const every = async (pause: number, look: () => void): Promise<void> => {
    try {
      for (;;) {
        await options.clock.sleep(pause, over.signal);
        look();
      }
    } catch {
      // it is over
    }
  };
  void every(options.heartbeat, () => {
    if (!heard) socket.terminate();
    heard = false;
    socket.ping();
  });
  void every(options.recheck, () => void endIfRevoked(socket, line, options));
  return { [Symbol.dispose]: () => over.abort() };
}

async function endIfRevoked(
  socket: WebSocket,
  line: AttachedTerminal,
  { stillMay }: ServeSocketOptions,
): Promise<void> {
  if ((await stillMay()) || socket.readyState !== socket.OPEN) return;
  const error = new DeckhandError('terminal.revoked', 'Whoever opened the terminal was signed out.').toJSON();
  const ended: ServerMessage = { item: 'ended', exit: { exitCode: null, signal: null, error } };
  socket.send(JSON.stringify(ended));
  // the shell goes with its person
  line.close();
  socket.close(REVOKED);
}

function send(socket: WebSocket, data: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(data, error => (error ? reject(error) : resolve()));
  });
}
