import { DeckhandError } from '../../core/deckhand-error.ts';
import type { Ask } from '../http/client.ts';
import type { Transport } from '../http/transport.ts';
import type { AttachedTerminal, TerminalApi, TerminalItem } from '../terminal-contract.ts';
import { type ClientMessage, LARGEST_MESSAGE, readServerMessage, TERMINAL_PROTOCOL } from './frames.ts';

/** What a browser's WebSocket and that of `ws` have in common. */
export interface WireSocket {
  binaryType: string;
  readonly bufferedAmount: number;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(): void;
  addEventListener(name: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(name: 'close', listener: () => void): void;
}

/** Bytes that wait in the socket before a writer has to. */
const HIGH_WATER_MARK = 256 * 1024;
/** Milliseconds between two looks whether the socket has room again. */
const LOOK = 10;

/** Terminals over a transport. */
export function terminalCalls(ask: Ask, transport: Transport, open: AbortSignal): TerminalApi {
  const at = (host: string): string => `/v1/hosts/${encodeURIComponent(host)}/terminal`;
  return {
    openTerminal: (surroundings, host, wish) => ask('POST', at(host), { surroundings, ...wish }),
    async attachTerminal(host, ticket, { signal, after = 0 }) {
      const both = AbortSignal.any([signal, open]);
      const path = `${at(host)}?after=${after}`;
      const socket = await transport.socket(path, [TERMINAL_PROTOCOL, ticket], both);
      return new SocketTerminal(socket, both, reason => transport.unreachable(reason));
    },
  };
}

/** A terminal at the other end of a socket. */
class SocketTerminal implements AttachedTerminal {
  readonly terminal = '';
  readonly #socket: WireSocket;
  readonly #signal: AbortSignal;
  readonly #unreachable: (reason: string) => DeckhandError;
  readonly #arrived: TerminalItem[] = [];
  #wake = Promise.withResolvers<void>();
  #isClosed = false;

  constructor(socket: WireSocket, signal: AbortSignal, unreachable: (reason: string) => DeckhandError) {
    this.#socket = socket;
    this.#signal = signal;
    this.#unreachable = unreachable;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }) => {
      this.#arrived.push(
        typeof data === 'string'
          ? readServerMessage(data)
          : { item: 'output', bytes: new Uint8Array(data as ArrayBuffer) },
      );
      this.#wake.resolve();
    });
    socket.addEventListener('close', () => {
      this.#isClosed = true;
      this.#wake.resolve();
    });
    const leave = (): void => {
      socket.close();
      this.#wake.resolve();
    };
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  }

  async *items(): AsyncGenerator<TerminalItem> {
    let taken = 0;
    try {
      while (!this.#signal.aborted) {
        const item = this.#arrived.shift();
        if (item === undefined) {
          if (this.#isClosed) throw this.#unreachable('the terminal was cut off');
          this.#wake = Promise.withResolvers();
          await this.#wake.promise;
          continue;
        }
        yield item;
        if (item.item === 'ended' || item.item === 'replaced') return;
        if (item.item !== 'output') continue;
        taken += item.bytes.length;
        this.#say({ type: 'taken', bytes: taken });
      }
    } finally {
      this.#socket.close();
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let place = 0; place < bytes.length && !this.#isClosed; place += LARGEST_MESSAGE) {
      this.#socket.send(bytes.slice(place, place + LARGEST_MESSAGE));
      while (this.#socket.bufferedAmount > HIGH_WATER_MARK && !this.#isClosed)
        await new Promise(resolve => setTimeout(resolve, LOOK));
    }
  }

  resize({ columns, rows }: { readonly columns: number; readonly rows: number }): void {
    this.#say({ type: 'resize', columns, rows });
  }
  answer(question: string, answer: string | null): void {
    this.#say({ type: 'answer', question, answer });
  }
  close(): void {
    this.#say({ type: 'close' });
  }

  #say(message: ClientMessage): void {
    if (!this.#isClosed) this.#socket.send(JSON.stringify(message));
  }
}
