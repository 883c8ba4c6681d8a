import type { Duplex } from 'node:stream';
import { OVER } from './linked-abort.ts';

/** Bytes taken from a client before it has a way to the target; more waits in its own socket. */
const LIMIT = 64 * 1024;

/**
 * What a client has sent while there is nobody to give it to. Reading is how one learns that it went away:
 * what a client that gave up had asked for must not be carried out later.
 */
export class Intake {
  readonly #stream: Duplex;
  readonly #gone = new AbortController();
  #pieces: Buffer[] = [];
  #length = 0;
  #ended = false;
  #more = Promise.withResolvers<void>();

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('data', this.#onData);
    stream.on('end', this.#onEnd);
    stream.once('close', () => {
      this.#gone.abort(OVER);
      this.#more.resolve();
    });
    stream.resume();
  }

  /** Aborted when the client is gone altogether. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }
  /** True: it sends no more. */
  get ended(): boolean {
    return this.#ended;
  }
  get bytes(): Buffer {
    if (this.#pieces.length > 1) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0] ?? Buffer.alloc(0);
  }
  /** Resolves when there is more, or no more will come. */
  get more(): Promise<void> {
    return this.#ended || this.#gone.signal.aborted ? Promise.resolve() : this.#more.promise;
  }

  /** Forgets the first bytes: they were for us. */
  drop(count: number): void {
    const rest = this.bytes.subarray(count);
    this.#pieces = rest.length === 0 ? [] : [rest];
    this.#length = rest.length;
    if (this.#length < LIMIT) this.#stream.resume();
  }

  /** Stops reading; what was read is the caller's to pass on before the rest. */
  release(): { readonly bytes: Buffer; readonly ended: boolean } {
    this.#stream.off('data', this.#onData);
    this.#stream.off('end', this.#onEnd);
    this.#stream.pause();
    return { bytes: this.bytes, ended: this.#ended };
  }

  readonly #onData = (bytes: Buffer): void => {
    this.#pieces.push(bytes);
    this.#length += bytes.length;
    if (this.#length >= LIMIT) this.#stream.pause();
    this.#tell();
  };
  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#tell();
  };

  #tell(): void {
    this.#more.resolve();
    this.#more = Promise.withResolvers();
  }
}
