import type { IncomingMessage, RequestOptions } from 'node:http';
import type { Socket } from 'node:net';
import { systemClock } from '../../core/clock.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { DialPlace } from '../terminal/dial.ts';
import type { WireSocket } from '../terminal/terminal-client.ts';
import { faultFrom, type Call, type Transport } from './transport.ts';

// An import statement reads every export of the module, and one of them loads all of undici: ten times the time.
const { Agent, request: httpRequest } = process.getBuiltinModule('node:http');

/**
 * Milliseconds without an answer after which a kept connection is not trusted with what may not be repeated: the daemon
 * closes idle ones after five seconds, and a process that was busy for that long does not know it yet.
 */
const FRESH = 2000;

export interface ExchangeOptions {
  /** A Unix socket … */
  readonly socketPath?: string;
  /** A connection to it that is open already, used for the first request. */
  readonly opened?: Socket;
  /** … or `http://host:port`. */
  readonly url?: string;
  readonly token?: string;
  /** Who asks instead of the owner of the socket, and may do less: `mcp:NAME`. */
  readonly as?: string;
  /** Sent with every request as `x-request-id`. */
  readonly requestId?: string;
}

/** Requests to one daemon over connections that are kept. Faults of the way are `daemon.unreachable`. */
export class Exchange implements Transport {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #base: RequestOptions;
  #opened: { readonly socket: Socket; readonly at: number } | undefined;
  #lastAnswer = 0;
  readonly #place: DialPlace;
  /** For messages: where the daemon should be. */
  readonly place: string;

  constructor(options: ExchangeOptions) {
    const headers: Record<string, string> = {};
    if (options.token !== undefined) headers['authorization'] = `Bearer ${options.token}`;
    if (options.as !== undefined) headers['deckhand-as'] = options.as;
    if (options.requestId !== undefined) headers['x-request-id'] = options.requestId;
    if (options.opened) {
      this.#opened = { socket: options.opened, at: systemClock.monotonic() };
      guard(options.opened);
    }
    const where = whereOf(options);
    this.place = where.place;
    // said here, so that node does not look whether the host is an address: that costs it milliseconds
    this.#base = { ...where.request, headers, servername: '' } as RequestOptions;
    this.#place = { ...where.request, headers };
  }

  /** The answer of a 200 as JSON. Throws what the daemon answered otherwise. */
  async json(call: Call): Promise<unknown> {
    const text = await this.#read(await this.open(call), call.signal);
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      throw this.unreachable('what answers is no Deckhand daemon (not JSON)', error);
    }
  }

  /** The response of a 200, its body unread. Throws what the daemon answered otherwise. */
  async open(call: Call): Promise<IncomingMessage> {
    if (call.signal.aborted) throw stopped();
    const response = await this.#send(call);
    if (response.statusCode === 200) return response;
    const fault = faultFrom(await this.#read(response, call.signal));
    throw fault ?? this.unreachable(`what answers is no Deckhand daemon (HTTP ${response.statusCode})`);
  }

  async #read(response: IncomingMessage, signal: AbortSignal): Promise<string> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of response) chunks.push(chunk as Buffer);
    } catch (error) {
      throw signal.aborted ? stopped() : this.unreachable('it went away in the middle of its answer', error);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  async socket(path: string, protocols: readonly string[], signal: AbortSignal): Promise<WireSocket> {
    // loaded here: few commands need it
    const { dial, DialRefused } = await import('../terminal/dial.ts');
    try {
      return await dial(this.#place, path, protocols, signal);
    } catch (error) {
      if (signal.aborted) throw stopped();
      const fault = error instanceof DialRefused ? faultFrom(error.text) : null;
      throw fault ?? this.unreachable(reasonOf(error as Error), error);
    }
  }

  unreachable(reason: string, cause?: unknown): DeckhandError {
    return new DeckhandError('daemon.unreachable', `No daemon answers at ${this.place}: ${reason}.`, {
      cause,
      details: { place: this.place, reason },
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
    this.#opened?.socket.destroy();
  }

  async #send(call: Call): Promise<IncomingMessage> {
    const body = call.body === undefined ? null : Buffer.from(JSON.stringify(call.body));
    const first = await this.#attempt(call, body);
    if (!('stale' in first)) return first;
    // the daemon had closed a kept connection when it was used again
    const second = await this.#attempt(call, body);
    if (!('stale' in second)) return second;
    throw this.unreachable('it closed the connection', second.stale);
  }

  /** Over the connection that is open, over a kept one, or over one of its own. */
  #way(kept: boolean): Pick<RequestOptions, 'agent' | 'createConnection'> {
    const opened = this.#opened;
    this.#opened = undefined;
    if (opened && !opened.socket.destroyed && systemClock.monotonic() - opened.at < FRESH)
      return { createConnection: () => opened.socket };
    opened?.socket.destroy();
    return { agent: kept ? this.#agent : false };
  }

  #attempt(call: Call, body: Buffer | null): Promise<IncomingMessage | { readonly stale: Error }> {
    return new Promise((resolve, reject) => {
      const headers = {
        ...(this.#base.headers as Record<string, string>),
        ...(body && { 'content-type': 'application/json', 'content-length': String(body.length) }),
      };
      const { method, path, signal } = call;
      let answered = false;
      const kept = method === 'GET' || systemClock.monotonic() - this.#lastAnswer < FRESH;
      const request = httpRequest(
        { ...this.#base, ...this.#way(kept), method, path, headers, signal },
        response => {
          answered = true;
          this.#lastAnswer = systemClock.monotonic();
          clearTimeout(timer);
          resolve(response);
        },
      );
      request.on('socket', guard);
      const timer = setTimeout(() => request.destroy(new Silence(call.limit)), call.limit);
      request.on('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        // after the answer began, its reader gets the fault
        if (answered) return;
        if (signal.aborted) reject(stopped());
        else if (request.reusedSocket && mayRepeat(method, error.code)) {
          resolve({ stale: error });
        } else reject(this.unreachable(reasonOf(error), error));
      });
      request.end(body ?? undefined);
    });
  }
}

const ignore = (): void => {};

/**
 * Between the end of an answer and its return to the agent a socket has no listener for errors; one that is
 * destroyed there would end the process. The fault itself always reaches the request.
 */
function guard(socket: Socket): void {
  if (!socket.listeners('error').includes(ignore)) socket.on('error', ignore);
}

/** A broken pipe cut the request itself, so it was not carried out; a reset may have come after. */
function mayRepeat(method: string, code: string | undefined): boolean {
  return code === 'EPIPE' || (method === 'GET' && code === 'ECONNRESET');
}

class Silence extends Error {
  constructor(limit: number) {
    super(`no answer within ${limit / 1000} s`);
  }
}

function whereOf(options: ExchangeOptions): {
  readonly place: string;
  readonly request: Omit<DialPlace, 'headers'>;
} {
  if (options.socketPath !== undefined) {
    return { place: options.socketPath, request: { socketPath: options.socketPath, host: 'localhost' } };
  }
  const url = URL.parse(options.url ?? '');
  if (url?.protocol !== 'http:') {
    throw new DeckhandError(
      'input.invalid',
      `The daemon's address '${options.url}' is not http://host:port.`,
      {
        details: { field: 'url' },
      },
    );
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { place: url.origin, request: { host, port: url.port || 80 } };
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no socket',
  ECONNREFUSED: 'nobody listens there',
  EACCES: 'this account may not use the socket',
  ENOTSOCK: 'that is no socket',
  ECONNRESET: 'it closed the connection before it answered',
  EPIPE: 'it closed the connection before it answered',
  ENAMETOOLONG: 'the path is too long for a socket',
};

/** What went wrong on the way, in words. */
function reasonOf(error: NodeJS.ErrnoException): string {
  return REASONS[error.code ?? ''] ?? error.message;
}

function stopped(): DeckhandError {
  return new DeckhandError('command.cancelled', 'The call to the daemon was stopped.');
}
