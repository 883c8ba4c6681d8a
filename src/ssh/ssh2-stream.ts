import { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { DeckhandError } from '../core/deckhand-error.ts';
import { widenWindow } from './ssh2-internals.ts';
import type { Ssh2Link } from './ssh2-link.ts';

/** Bytes kept for a reader that does not read, and taken from a writer before it should wait. */
const HIGH_WATER_MARK = 512 * 1024;

/**
 * A channel of bytes (a subsystem, a forwarded connection) as an honest stream: `close` always comes, with
 * the reason the connection ended as `error` before it. (The library's own stream forgets callbacks and closes only when read to its end.)
 */
export class Ssh2Stream extends Duplex {
  readonly #channel: ClientChannel;

  /** Must be made in the same turn in which the channel opened, so that no byte is missed. `isWide`: much comes. */
  constructor(link: Ssh2Link, channel: ClientChannel, isWide = false) {
    super({ highWaterMark: HIGH_WATER_MARK, allowHalfOpen: true });
    this.#channel = channel;
    // Nobody reads it, and what is not read would stop the server.
    channel.stderr.resume();
    const more = isWide ? widenWindow(link.client, channel) : undefined;
    channel.on('data', (bytes: Buffer) => {
      more?.();
      if (!this.push(bytes)) channel.pause();
    });
    channel.on('end', () => this.push(null));
    channel.on('error', (error: Error) => this.destroy(error));
    channel.on('close', () => this.#serverClosed());
    const forget = link.whenEnded(reason => this.destroy(reason ?? closedError(link)));
    this.once('close', forget);
  }

  override _read(): void {
    this.#channel.resume();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#channel.write(bytes, done);
  }

  override _final(done: () => void): void {
    this.#channel.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#channel.removeAllListeners('data');
    this.#channel.resume();
    this.#channel.close();
    done(error);
  }

  #serverClosed(): void {
    // What was read before stays readable: the end comes first, then the close.
    if (this.readableEnded) this.destroy();
    else this.once('end', () => this.destroy());
  }
}

function closedError(link: Ssh2Link): DeckhandError {
  return new DeckhandError('ssh.connection-lost', `The connection to ${link.facts.host.name} is closed.`);
}
