import { type Clock, systemClock } from '../../core/clock.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { ByteSource } from './byte-source.ts';
import { REQUEST, STATUS } from './protocol-numbers.ts';
import type { Reply } from './reply.ts';
import type { SftpClient } from './sftp-client.ts';
import type { SftpHandle } from './sftp-handle.ts';
import { WindowTuner } from './window-tuner.ts';

export interface WriteRangeOptions {
  readonly signal?: AbortSignal;
  /** Where the first byte goes; default 0. */
  readonly offset?: number;
  /** Bytes the source is thought to have; only saves memory for small ones. */
  readonly expected?: number;
  /** Called with the bytes the server has acknowledged without a gap from `offset` on. */
  readonly onProgress?: (bytes: number) => void;
  readonly clock?: Clock;
  readonly tuner?: WindowTuner;
}

/** A WRITE without an answer yet, or with one that came before those of earlier ones. */
interface Sent {
  readonly length: number;
  acknowledged: boolean;
}

/**
 * Writes a source into an open file with many requests in flight; resolves with the bytes written once
 * the server has acknowledged all. Errors: those of writing and of the source; `command.cancelled`.
 * After an error, what `onProgress` was told is in the file.
 */
export async function writeRange(
  client: SftpClient,
  handle: SftpHandle,
  source: ByteSource,
  options: WriteRangeOptions = {},
): Promise<number> {
  const { signal } = options;
  const writer = new RangeWriter(client, handle, options);
  const stop = (): void => writer.fail(cancelled(client));
  if (signal?.aborted) throw cancelled(client);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for (;;) {
      const buffer = writer.buffer();
      const length = await fill(source, buffer.subarray(writer.headLength));
      if (length === 0) break;
      await writer.room(length);
      writer.send(buffer, length);
    }
    return await writer.finish();
  } finally {
    signal?.removeEventListener('abort', stop);
    // Whatever ended this, nobody reads later answers.
    writer.fail(cancelled(client));
  }
}

/** Reads until the target is full or the source ends. */
async function fill(source: ByteSource, target: Uint8Array): Promise<number> {
  let have = 0;
  while (have < target.length) {
    const got = await source.read(have === 0 ? target : target.subarray(have));
    if (got === 0) break;
    have += got;
  }
  return have;
}

class RangeWriter {
  /** Bytes before the payload of a WRITE packet. */
  readonly headLength: number;
  readonly #client: SftpClient;
  readonly #handle: SftpHandle;
  readonly #options: WriteRangeOptions;
  readonly #clock: Clock;
  readonly #tuner: WindowTuner;
  readonly #chunk: number;
  readonly #free: Buffer[] = [];
  readonly #sent: Sent[] = [];
  #position: number;
  #inFlight = 0;
  #total = 0;
  #acknowledged = 0;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(client: SftpClient, handle: SftpHandle, options: WriteRangeOptions) {
    this.#client = client;
    this.#handle = handle;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#tuner = options.tuner ?? new WindowTuner();
    this.#position = options.offset ?? 0;
    // One byte more shows the end of a source of just this size without another buffer.
    this.#chunk = Math.min(client.limits.write, (options.expected ?? Number.POSITIVE_INFINITY) + 1);
    this.headLength = 9 + 4 + handle.id.length + 8 + 4;
  }

  /** Room for the head of a packet and its payload; comes back after the answer. */
  buffer(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.headLength + this.#chunk);
  }

  async room(length: number): Promise<void> {
    this.#check();
    while (this.#inFlight > 0 && this.#inFlight + length > this.#tuner.window) await this.#change();
  }

  send(buffer: Buffer, length: number): void {
    const position = this.#position;
    const sent: Sent = { length, acknowledged: false };
    this.#sent.push(sent);
    this.#position += length;
    this.#inFlight += length;
    this.#total += length;
    const encode = (id: number): Uint8Array => encodeWrite(buffer, this.#handle.id, id, position, length);
    const wanted = (): boolean => this.#error === undefined;
    this.#client.session.send(encode, 'status', wanted).then(
      reply => this.#onReply(reply, sent, buffer),
      (error: Error) => this.fail(error),
    );
  }

  async finish(): Promise<number> {
    this.#check();
    while (this.#inFlight > 0) await this.#change();
    return this.#total;
  }

  fail(error: Error): void {
    this.#error ??= error;
    this.#wake?.();
  }

  #onReply(reply: Reply, sent: Sent, buffer: Buffer): void {
    if (reply.type === 'status' && reply.code !== STATUS.ok) {
      void this.#client.explain('write', this.#handle.path, reply).then(error => this.fail(error));
    } else {
      this.#free.push(buffer);
      this.#onAcknowledged(sent);
    }
  }

  #onAcknowledged(sent: Sent): void {
    if (this.#error !== undefined) return;
    sent.acknowledged = true;
    this.#inFlight -= sent.length;
    this.#tuner.acknowledged(sent.length, this.#clock.monotonic());
    const before = this.#acknowledged;
    while (this.#sent[0]?.acknowledged === true) this.#acknowledged += this.#sent.shift()?.length ?? 0;
    if (this.#acknowledged > before) this.#options.onProgress?.(this.#acknowledged);
    this.#wake?.();
  }

  async #change(): Promise<void> {
    await new Promise<void>(resolve => {
      this.#wake = resolve;
    });
    this.#check();
  }

  #check(): void {
    if (this.#error !== undefined) throw this.#error;
  }
}

/** The packet in place around its payload. */
function encodeWrite(
  buffer: Buffer,
  handle: Uint8Array,
  id: number,
  position: number,
  length: number,
): Buffer {
  const head = 9 + 4 + handle.length + 8 + 4;
  buffer.writeUInt32BE(head - 4 + length, 0);
  buffer.writeUInt8(REQUEST.write, 4);
  buffer.writeUInt32BE(id, 5);
  buffer.writeUInt32BE(handle.length, 9);
  buffer.set(handle, 13);
  buffer.writeBigUInt64BE(BigInt(position), 13 + handle.length);
  buffer.writeUInt32BE(length, 21 + handle.length);
  return buffer.subarray(0, head + length);
}

function cancelled(client: SftpClient): DeckhandError {
  return new DeckhandError('command.cancelled', `The writing to ${client.hostName} was cancelled.`);
}
