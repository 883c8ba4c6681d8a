import type { Duplex } from 'node:stream';
import { DeckhandError, toDeckhandError } from '../../core/deckhand-error.ts';
import { PacketSplitter } from './packet-splitter.ts';
import { OPENSSH } from './extension-names.ts';
import { REQUEST } from './protocol-numbers.ts';
import { decodeReply, type Reply, type ReplyType } from './reply.ts';
import { encodePacket, type Field, protocolError, string, WireReader } from './wire.ts';

/** Requests in flight on one session; what is more waits its turn here. */
const MOST_IN_FLIGHT = 1024;
/** Bytes of one READ or WRITE where the server says nothing: every server takes so many. */
const SAFE_BYTES = 32 * 1024;
/** Bytes of one READ or WRITE at most: what OpenSSH allows. */
const MOST_BYTES = 255 * 1024;
const PROTOCOL_VERSION = 3;

export interface SftpLimits {
  /** Bytes of one READ, one WRITE. */
  readonly read: number;
  readonly write: number;
  /** Handles open at the same time; null: the server does not say. */
  readonly handles: number | null;
}

export interface RequestOptions {
  /** An abort forgets the request at once; its late answer is read over. */
  readonly signal?: AbortSignal | undefined;
}

/** What a sent request expects. */
interface Expectation {
  readonly type: ReplyType;
  /** Most bytes of data. */
  readonly most: number;
  readonly onReply: (reply: Reply) => void;
  readonly onFailure: (error: DeckhandError) => void;
}

/** What is to be sent once there is room; `id` is given then. */
interface Waiting extends Expectation {
  readonly encode: (id: number) => Uint8Array;
  /** False: it need not be sent any more. */
  readonly isWanted?: () => boolean;
}

/**
 * Requests and their answers on one channel: ids, order, back-pressure and the session's end. Sends in
 * the order of the calls. Whatever the server says wrong ends the session with `transfer.protocol`;
 * the memory it can cost is one packet and the answers asked for.
 */
export class SftpSession implements AsyncDisposable {
  readonly hostName: string;
  /** Undefined after `close()`, else why the session ended. */
  readonly closed: Promise<DeckhandError | undefined>;
  readonly #channel: Duplex;
  readonly #ended = Promise.withResolvers<DeckhandError | undefined>();
  readonly #greeting = Promise.withResolvers<void>();
  readonly #inFlight = new Map<number, Expectation>();
  readonly #waiting: Waiting[] = [];
  readonly #splitter = new PacketSplitter(pieces => this.#onPacket(pieces));
  #extensions: ReadonlyMap<string, string> | undefined;
  #limits: SftpLimits = { read: SAFE_BYTES, write: SAFE_BYTES, handles: null };
  #lastId = 0;
  #blocked = false;
  #end: { readonly reason: DeckhandError | undefined } | undefined;

  private constructor(channel: Duplex, hostName: string) {
    this.#channel = channel;
    this.hostName = hostName;
    this.closed = this.#ended.promise;
    this.#greeting.promise.catch(() => undefined);
    channel.on('data', (bytes: Buffer) => this.#onBytes(bytes));
    channel.on('drain', () => {
      this.#blocked = false;
      this.#pump();
    });
    // a server whose program is missing may have ended the channel before there was time to greet it
    channel.on('error', error =>
      this.#finish(error instanceof DeckhandError ? error : this.#endError(error)),
    );
    channel.on('end', () => this.#finish(this.#endError()));
    channel.on('close', () => this.#finish(this.#endError()));
  }

  /**
   * Greets the server on a fresh channel and asks for its limits. Errors: `transfer.unsupported` (the
   * server ended at once, or speaks no version 3), `transfer.protocol`, `command.cancelled`. The
   * channel is destroyed on any of them.
   */
  static async start(
    channel: Duplex,
    options: { readonly hostName: string; readonly signal: AbortSignal },
  ): Promise<SftpSession> {
    const { hostName, signal } = options;
    const session = new SftpSession(channel, hostName);
    const stop = (): void => session.#finish(cancelled(hostName));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    try {
      channel.write(Buffer.from([0, 0, 0, 5, REQUEST.init, 0, 0, 0, PROTOCOL_VERSION]));
      await session.#greeting.promise;
      if (session.supports(OPENSSH.limits)) await session.#askLimits();
      return session;
    } catch (error) {
      session.#finish(toDeckhandError(error));
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  get limits(): SftpLimits {
    return this.#limits;
  }
  get requestsInFlight(): number {
    return this.#inFlight.size;
  }
  supports(extension: string): boolean {
    return this.#extensions?.has(extension) === true;
  }

  /** The answer of type `expect`, or a status; a status "ok" only where a status is expected. */
  request(
    type: number,
    fields: readonly Field[],
    expect: ReplyType,
    options: RequestOptions & {
      /** Most bytes of data the answer may carry. */
      readonly most?: number;
      /** Called with an answer that came after the abort. */
      readonly onLate?: (reply: Reply) => void;
    } = {},
  ): Promise<Reply> {
    const { signal, most = 0, onLate } = options;
    return new Promise((resolve, reject) => {
      let over = false;
      const stop = (): void => {
        over = true;
        this.#forget(waiting);
        reject(cancelled(this.hostName));
      };
      const settle = (): void => {
        over = true;
        signal?.removeEventListener('abort', stop);
      };
      const waiting: Waiting = {
        type: expect,
        most,
        encode: id => encodePacket(type, id, fields),
        onReply: reply => {
          if (over) {
            onLate?.(reply);
            return;
          }
          settle();
          resolve(reply);
        },
        onFailure: error => {
          settle();
          reject(error);
        },
      };
      if (signal?.aborted) {
        stop();
        return;
      }
      signal?.addEventListener('abort', stop, { once: true });
      this.#enqueue(waiting);
    });
  }

  /**
   * Sends a ready-made packet whose id `encode` fills in; for payloads that are not to be copied. One that
   * is not wanted any more when its turn comes is not sent and fails.
   */
  send(encode: (id: number) => Uint8Array, expect: ReplyType, isWanted: () => boolean): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#enqueue({ type: expect, most: 0, encode, isWanted, onReply: resolve, onFailure: reject });
    });
  }

  /** Ends the session; what is in flight fails with `ssh.connection-lost`. */
  async close(): Promise<void> {
    this.#finish(undefined);
    await this.closed;
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #askLimits(): Promise<void> {
    const reply = await this.request(REQUEST.extended, [string(OPENSSH.limits)], 'extended');
    if (reply.type !== 'extended') return;
    const reader = new WireReader(reply.body);
    reader.uint64();
    const read = Number(reader.uint64());
    const write = Number(reader.uint64());
    const handles = Number(reader.uint64());
    this.#limits = {
      read: within(read),
      write: within(write),
      handles: handles > 0 && Number.isSafeInteger(handles) ? handles : null,
    };
  }

  #enqueue(waiting: Waiting): void {
    if (this.#end !== undefined) {
      waiting.onFailure(this.#end.reason ?? this.#lostError());
      return;
    }
    this.#waiting.push(waiting);
    this.#pump();
  }

  #pump(): void {
    while (!this.#blocked && this.#inFlight.size < MOST_IN_FLIGHT) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      if (next.isWanted?.() === false) {
        next.onFailure(cancelled(this.hostName));
        continue;
      }
      const id = this.#freeId();
      this.#inFlight.set(id, next);
      if (!this.#channel.write(next.encode(id))) this.#blocked = true;
    }
  }

  #forget(waiting: Waiting): void {
    const index = this.#waiting.indexOf(waiting);
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  /** Ids of requests without an answer yet are not given again. */
  #freeId(): number {
    do this.#lastId = this.#lastId >= 0xffffffff ? 1 : this.#lastId + 1;
    while (this.#inFlight.has(this.#lastId));
    return this.#lastId;
  }

  #onBytes(bytes: Buffer): void {
    if (this.#end !== undefined) return;
    try {
      this.#splitter.add(bytes);
    } catch (error) {
      this.#finish(toDeckhandError(error));
    }
    this.#pump();
  }

  #onPacket(pieces: Buffer[]): void {
    if (this.#end !== undefined) return;
    const { id, reply } = decodeReply(pieces);
    if (reply.type === 'version') {
      this.#onVersion(reply);
      return;
    }
    const expectation = this.#inFlight.get(id);
    if (expectation === undefined) throw protocolError(`an answer to request ${id}, which nobody sent`);
    checkReply(reply, expectation);
    this.#inFlight.delete(id);
    expectation.onReply(reply);
  }

  #onVersion(reply: Extract<Reply, { type: 'version' }>): void {
    if (this.#extensions !== undefined) throw protocolError('a second greeting');
    if (reply.version !== PROTOCOL_VERSION) {
      const message = `The SFTP server of ${this.hostName} speaks version ${reply.version}, not 3.`;
      throw new DeckhandError('transfer.unsupported', message, { details: { host: this.hostName } });
    }
    this.#extensions = reply.extensions;
    this.#greeting.resolve();
  }

  #finish(reason: DeckhandError | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { reason };
    const error = reason ?? this.#lostError();
    this.#greeting.reject(error);
    const failed = [...this.#inFlight.values(), ...this.#waiting.splice(0)];
    this.#inFlight.clear();
    for (const { onFailure } of failed) onFailure(error);
    this.#channel.destroy();
    this.#ended.resolve(reason);
  }

  #endError(cause?: unknown): DeckhandError {
    if (this.#extensions !== undefined) return this.#lostError(cause);
    const message = `${this.hostName} has no SFTP server: the subsystem ended without a greeting.`;
    return new DeckhandError('transfer.unsupported', message, { details: { host: this.hostName } });
  }

  #lostError(cause?: unknown): DeckhandError {
    const message = `The SFTP session on ${this.hostName} has ended.`;
    const details = { host: this.hostName };
    return new DeckhandError('ssh.connection-lost', message, {
      details,
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

function checkReply(reply: Reply, { type, most }: Expectation): void {
  if (reply.type === 'status') {
    if (reply.code === 0 && type !== 'status') throw protocolError(`a bare "ok" where ${type} was asked for`);
    return;
  }
  if (reply.type !== type) throw protocolError(`${reply.type} where ${type} was asked for`);
  if (reply.type === 'data' && (reply.length > most || reply.length === 0)) {
    throw protocolError(`${reply.length} bytes where up to ${most} were asked for`);
  }
}

function cancelled(hostName: string): DeckhandError {
  return new DeckhandError('command.cancelled', `The file work on ${hostName} was cancelled.`);
}

/** 0 means that the server does not limit it. */
function within(bytes: number): number {
  return bytes === 0 ? MOST_BYTES : Math.min(MOST_BYTES, Math.max(1, bytes));
}
