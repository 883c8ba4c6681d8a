import { type Clock, systemClock } from '../../core/clock.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { REQUEST, STATUS } from './protocol-numbers.ts';
import { showPath } from './remote-path.ts';
import type { SftpClient } from './sftp-client.ts';
import type { SftpHandle } from './sftp-handle.ts';
import { WindowTuner } from './window-tuner.ts';
import { string, uint32, uint64 } from './wire.ts';

export interface ReadRangeOptions {
  readonly signal?: AbortSignal;
  /** First byte; default 0. */
  readonly offset?: number;
  /** Bytes; absent: to the end of the file. With it, an earlier end is `transfer.changed`. */
  readonly length?: number;
  /** Called with the bytes received so far, in the order of the file. */
  readonly onProgress?: (bytes: number) => void;
  readonly clock?: Clock;
  readonly tuner?: WindowTuner;
}

/** Some bytes of a file, in the pieces they arrived in: ready for `writev`. */
export interface FilePart {
  readonly position: number;
  readonly length: number;
  readonly pieces: readonly Uint8Array[];
}

/** A part that was asked for. */
interface Slot {
  readonly position: number;
  readonly wanted: number;
  readonly part: Promise<{ readonly part: FilePart; readonly ended: boolean }>;
  readonly fail: (error: Error) => void;
}

/**
 * The bytes of an open file, in order, with many requests in flight. What the consumer has not taken
 * counts as in flight, so a slow one holds the server back. Errors: those of reading;
 * `command.cancelled`.
 */
export async function* readRange(
  client: SftpClient,
  handle: SftpHandle,
  options: ReadRangeOptions = {},
): AsyncGenerator<FilePart> {
  const { signal, onProgress, offset = 0, length = Number.POSITIVE_INFINITY } = options;
  const reader = new RangeReader(client, handle, options);
  const stop = (): void => reader.stop(cancelled(client));
  if (signal?.aborted) throw cancelled(client);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    let received = 0;
    for (;;) {
      const next = await reader.next();
      if (next === null) return;
      received += next.part.length;
      if (next.part.length > 0) {
        onProgress?.(received);
        yield next.part;
        if (signal?.aborted) throw cancelled(client);
      }
      reader.taken();
      if (!next.ended) continue;
      if (length !== Number.POSITIVE_INFINITY && received < length)
        throw shorter(client, handle, offset, received);
      return;
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    reader.stop(cancelled(client));
  }
}

class RangeReader {
  readonly #client: SftpClient;
  readonly #handle: SftpHandle;
  readonly #clock: Clock;
  readonly #tuner: WindowTuner;
  readonly #slots: Slot[] = [];
  readonly #end: number;
  #position: number;
  #inFlight = 0;
  #stopped = false;

  constructor(client: SftpClient, handle: SftpHandle, options: ReadRangeOptions) {
    this.#client = client;
    this.#handle = handle;
    this.#clock = options.clock ?? systemClock;
    this.#tuner = options.tuner ?? new WindowTuner();
    this.#position = options.offset ?? 0;
    this.#end = this.#position + (options.length ?? Number.POSITIVE_INFINITY);
  }

  /** The next part, or null at the end of the range. */
  async next(): Promise<{ readonly part: FilePart; readonly ended: boolean } | null> {
    this.#fill();
    const [slot] = this.#slots;
    return slot === undefined ? null : await slot.part;
  }

  /** The consumer is done with what `next` gave. */
  taken(): void {
    const slot = this.#slots.shift();
    this.#inFlight -= slot?.wanted ?? 0;
    this.#fill();
  }

  /** Late answers are read over. */
  stop(error: Error): void {
    this.#stopped = true;
    for (const { fail } of this.#slots) fail(error);
  }

  #fill(): void {
    const most = this.#client.limits.read;
    while (!this.#stopped && this.#position < this.#end) {
      const wanted = Math.min(most, this.#end - this.#position);
      if (this.#slots.length > 0 && this.#inFlight + wanted > this.#tuner.window) return;
      this.#slots.push(this.#ask(this.#position, wanted));
      this.#position += wanted;
      this.#inFlight += wanted;
    }
  }

  #ask(position: number, wanted: number): Slot {
    const { promise, resolve, reject } = Promise.withResolvers<{ part: FilePart; ended: boolean }>();
    // It may be stopped before anybody waits for it.
    promise.catch(() => undefined);
    this.#read(position, wanted).then(resolve, reject);
    return { position, wanted, part: promise, fail: reject };
  }

  /** A server may give less than was asked for at any time: the rest is asked for again. */
  async #read(position: number, wanted: number): Promise<{ part: FilePart; ended: boolean }> {
    const { session } = this.#client;
    let pieces: Uint8Array[] = [];
    let length = 0;
    while (length < wanted && !this.#stopped) {
      const most = wanted - length;
      const fields = [string(this.#handle.id), uint64(position + length), uint32(most)];
      const reply = await session.request(REQUEST.read, fields, 'data', { most });
      if (reply.type === 'status') {
        if (reply.code === STATUS.endOfFile) return { part: { position, length, pieces }, ended: true };
        throw await this.#client.explain('read', this.#handle.path, reply);
      }
      if (reply.type !== 'data') break;
      this.#tuner.acknowledged(reply.length, this.#clock.monotonic());
      pieces = pieces.length === 0 ? [...reply.pieces] : [...pieces, ...reply.pieces];
      length += reply.length;
    }
    return { part: { position, length, pieces }, ended: false };
  }
}

function cancelled(client: SftpClient): DeckhandError {
  return new DeckhandError('command.cancelled', `The reading from ${client.hostName} was cancelled.`);
}

function shorter(client: SftpClient, handle: SftpHandle, offset: number, received: number): DeckhandError {
  const message = `${showPath(handle.path)} on ${client.hostName} became shorter while it was read: it ended at byte ${offset + received}.`;
  return new DeckhandError('transfer.changed', message, { details: { host: client.hostName, received } });
}
