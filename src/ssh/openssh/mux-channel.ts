import type { OutputStream } from '../../core/command-run.ts';
import { lengthPrefixed, MESSAGE, packetHead } from './mux-packets.ts';
import type { Lender } from './slab-reader.ts';

/** Bytes a server may send on one channel before we have read them. */
export const WINDOW = 2 * 1024 * 1024;
/** Largest piece of data we take in one packet. */
export const LARGEST_PACKET = 128 * 1024;

/** How a command ended, as the server says it. */
export interface ChannelExit {
  readonly code: number | null;
  /** Without `SIG`. */
  readonly signal: string | null;
}

/** Told what happens on a channel, from its first packet on. */
export interface ChannelListener {
  /** Give them back with `channel.consume`. */
  onData(stream: OutputStream, bytes: Buffer): void;
  /** Set: it takes output (not of errors) that is written over once `release` is called, in place of a copy of it. */
  readonly onLoan?: ((bytes: Buffer, release: () => void) => void) | null;
  /** No more data comes. */
  onEnd(): void;
  onExit(exit: ChannelExit): void;
  /** Once, as the last thing: both sides closed it, or the connection is over. */
  onClose(): void;
}

/** What a channel needs of the socket it lives on. */
export interface ChannelCarrier {
  send(...parts: readonly Uint8Array[]): void;
  /** `done` once the system has taken the bytes, or with an error when it never will. */
  sendAnd(done: (error?: Error | null) => void, ...parts: readonly Uint8Array[]): void;
}

interface Unsent {
  readonly bytes: Uint8Array;
  readonly done: (error?: Error | null) => void;
}

/** One channel of RFC 4254: flow control both ways, requests, and an orderly end. */
export class MuxChannel {
  readonly #carrier: ChannelCarrier;
  readonly #listener: ChannelListener;
  readonly #remoteId: number;
  readonly #remoteMaximum: number;
  readonly #unsent: Unsent[] = [];
  readonly #replies: ((granted: boolean) => void)[] = [];
  #remoteWindow: number;
  #consumed = 0;
  #end: 'open' | 'wanted' | 'sent' = 'open';
  #closeSent = false;
  #closed = false;

  constructor(
    carrier: ChannelCarrier,
    listener: ChannelListener,
    remote: { readonly id: number; readonly window: number; readonly maximum: number },
  ) {
    this.#carrier = carrier;
    this.#listener = listener;
    this.#remoteId = remote.id;
    this.#remoteWindow = remote.window;
    this.#remoteMaximum = remote.maximum;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Asks for something the server answers; false when it refuses or the channel ends before. */
  request(type: string, payload: Uint8Array): Promise<boolean> {
    if (this.#closeSent || this.#closed) return Promise.resolve(false);
    return new Promise(resolve => {
      this.#replies.push(resolve);
      this.#sendRequest(type, 1, payload);
    });
  }

  /** Tells something the server does not answer: a signal, a new window size. */
  notify(type: string, payload: Uint8Array): void {
    if (!this.#closeSent && !this.#closed) this.#sendRequest(type, 0, payload);
  }

  /** `done` when everything was handed on; what does not fit the server's window waits. */
  write(bytes: Uint8Array, done: (error?: Error | null) => void): void {
    if (this.#end !== 'open' || this.#closeSent || this.#closed) {
      done(new Error('the channel is closed'));
      return;
    }
    this.#unsent.push({ bytes, done });
    this.#flush();
  }

  /** End of our input, after everything written. */
  end(): void {
    if (this.#end !== 'open') return;
    this.#end = 'wanted';
    this.#flush();
  }

  close(): void {
    if (this.#closeSent || this.#closed) return;
    this.#closeSent = true;
    this.#dropUnsent();
    this.#carrier.send(packetHead(MESSAGE.close, 0, this.#remoteId));
  }

  /** Gives back room in the window for bytes that were dealt with. */
  consume(count: number): void {
    this.#consumed += count;
    if (this.#consumed < WINDOW / 4 || this.#closeSent || this.#closed) return;
    this.#carrier.send(packetHead(MESSAGE.windowAdjust, 0, this.#remoteId, this.#consumed));
    this.#consumed = 0;
  }

  // What follows is called by the link.

  receiveData(bytes: Buffer, lender: Lender): void {
    if (this.#listener.onLoan) this.#listener.onLoan(bytes, lender.lend());
    else this.#listener.onData('stdout', Buffer.from(bytes));
  }
  receiveErrors(bytes: Buffer): void {
    this.#listener.onData('stderr', Buffer.from(bytes));
  }
  receiveEnd(): void {
    this.#listener.onEnd();
  }
  receiveExit(exit: ChannelExit): void {
    this.#listener.onExit(exit);
  }
  receiveWindow(count: number): void {
    this.#remoteWindow += count;
    this.#flush();
  }
  receiveReply(granted: boolean): void {
    this.#replies.shift()?.(granted);
  }
  refuseRequest(): void {
    this.#carrier.send(packetHead(MESSAGE.failure, 0, this.#remoteId));
  }
  /** The server closed it, or the connection is over. */
  finish(): void {
    if (this.#closed) return;
    this.close();
    this.#closed = true;
    for (const reply of this.#replies.splice(0)) reply(false);
    this.#listener.onClose();
  }

  #sendRequest(type: string, wantReply: 0 | 1, payload: Uint8Array): void {
    const name = lengthPrefixed(type);
    const size = name.length + 1 + payload.length;
    this.#carrier.send(
      packetHead(MESSAGE.request, size, this.#remoteId),
      name,
      Uint8Array.of(wantReply),
      payload,
    );
  }

  #flush(): void {
    for (let next = this.#unsent[0]; next !== undefined; next = this.#unsent[0]) {
      const count = Math.min(next.bytes.length, this.#remoteWindow, this.#remoteMaximum);
      if (count === 0 && next.bytes.length > 0) return;
      this.#remoteWindow -= count;
      const head = packetHead(MESSAGE.data, count, this.#remoteId, count);
      if (count === next.bytes.length) {
        this.#unsent.shift();
        this.#carrier.sendAnd(next.done, head, next.bytes);
      } else {
        this.#unsent[0] = { bytes: next.bytes.subarray(count), done: next.done };
        this.#carrier.send(head, next.bytes.subarray(0, count));
      }
    }
    if (this.#end === 'wanted' && !this.#closeSent) {
      this.#end = 'sent';
      this.#carrier.send(packetHead(MESSAGE.endOfFile, 0, this.#remoteId));
    }
  }

  #dropUnsent(): void {
    for (const { done } of this.#unsent.splice(0)) done(new Error('the channel is closed'));
  }
}
