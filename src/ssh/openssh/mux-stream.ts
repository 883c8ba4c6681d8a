import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { OutputStream } from '../../core/command-run.ts';
import type { DeckhandError } from '../../core/deckhand-error.ts';
import { type DirectStream, gatherWrites } from '../direct-stream.ts';
import type { ChannelExit, ChannelListener, MuxChannel } from './mux-channel.ts';

/** Bytes kept for a reader that does not read, and taken from a writer before it should wait. */
const HIGH_WATER_MARK = 512 * 1024;

/** A subsystem's channel as a stream: `close` always comes, with the reason the connection ended before it. */
export class MuxStream extends Duplex implements ChannelListener, DirectStream {
  /** As long as somebody reads the stream himself: none. */
  onLoan: ((bytes: Buffer, release: () => void) => void) | null = null;
  #channel: MuxChannel | null = null;
  /** Bytes that arrived and are not given back to the server's window yet. */
  #held = 0;
  readonly #isOver: () => boolean;

  /** `isOver`: the connection is, and `lose` will be called with the reason. */
  constructor(isOver: () => boolean) {
    super({ highWaterMark: HIGH_WATER_MARK, allowHalfOpen: true });
    this.#isOver = isOver;
  }

  attach(channel: MuxChannel): void {
    this.#channel = channel;
  }

  leadTo(socket: Socket, onBytes: (count: number) => void): void {
    for (let piece = this.read() as Buffer | null; piece !== null; piece = this.read() as Buffer | null) {
      onBytes(piece.length);
      socket.write(piece);
    }
    const gather = gatherWrites(socket);
    this.onLoan = (bytes, release) => {
      onBytes(bytes.length);
      gather();
      // the server sends no more than its window until the socket has taken what came
      socket.write(bytes, () => {
        release();
        this.#channel?.consume(bytes.length);
      });
    };
    this.once('end', () => socket.end());
    this.resume();
  }

  /** The connection is over. */
  lose(reason: DeckhandError): void {
    this.destroy(reason);
  }

  onData(stream: OutputStream, bytes: Buffer): void {
    if (stream === 'stderr' || this.destroyed) {
      this.#channel?.consume(bytes.length);
    } else if (this.push(bytes)) {
      this.#channel?.consume(bytes.length);
    } else {
      this.#held += bytes.length;
    }
  }

  onEnd(): void {
    if (!this.readableEnded && !this.destroyed) this.push(null);
  }

  onExit(_exit: ChannelExit): void {
    // A subsystem is known by its stream, not by how its program ended.
  }

  /** What was read before stays readable: the end comes first, then the close. A lost connection is no end. */
  onClose(): void {
    if (this.destroyed || this.#isOver()) return;
    if (this.readableEnded) {
      this.destroy();
      return;
    }
    this.once('end', () => this.destroy());
    this.push(null);
  }

  override _read(): void {
    const held = this.#held;
    this.#held = 0;
    if (held > 0) this.#channel?.consume(held);
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#channel === null) done(new Error('the channel is not open'));
    else this.#channel.write(bytes, done);
  }

  override _final(done: () => void): void {
    this.#channel?.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#channel?.close();
    done(error);
  }
}
