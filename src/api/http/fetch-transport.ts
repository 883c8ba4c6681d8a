import { DeckhandError } from '../../core/deckhand-error.ts';
import type { WireSocket } from '../terminal/terminal-client.ts';
import { faultFrom, type AnswerBody, type Call, type Transport } from './transport.ts';

type Headers = Readonly<Record<string, string>>;

export interface FetchOptions {
  /** `http://host:port`; default the page's own origin. */
  readonly url?: string;
  /** Read for each call: what proves that the call comes from our own page. */
  readonly headers?: (method: Call['method']) => Headers | Promise<Headers>;
}

/** Calls from a browser, to the daemon that served the page. Cookies travel with them. */
export class FetchTransport implements Transport {
  readonly #origin: string;
  readonly #headers: NonNullable<FetchOptions['headers']>;

  constructor({ url, headers }: FetchOptions = {}) {
    this.#origin = url ?? '';
    this.#headers = headers ?? (() => ({}));
  }

  async json(call: Call): Promise<unknown> {
    const answer = await this.#send(call);
    try {
      return await answer.json();
    } catch (error) {
      throw this.#fault(call, error, 'its answer broke off');
    }
  }

  async open(call: Call): Promise<AnswerBody> {
    const answer = await this.#send(call);
    if (!answer.body) throw this.unreachable('its answer has no body');
    return new FetchedBody(answer.body);
  }

  /** What a daemon says instead of opening a socket, a browser does not tell. */
  socket(path: string, protocols: readonly string[], signal: AbortSignal): Promise<WireSocket> {
    const page = globalThis as { readonly location?: { readonly href: string } };
    const url = new URL(path, this.#origin || page.location?.href);
    url.protocol = url.protocol.replace('http', 'ws');
    const socket = new WebSocket(url, [...protocols]);
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        socket.close();
        reject(new DeckhandError('command.cancelled', 'The call to the daemon was stopped.'));
      };
      signal.addEventListener('abort', stop, { once: true });
      socket.addEventListener('open', () => {
        signal.removeEventListener('abort', stop);
        resolve(socket);
      });
      socket.addEventListener('close', () => reject(this.unreachable('it opens no terminal')));
    });
  }

  unreachable(reason: string, cause?: unknown): DeckhandError {
    const place = this.#origin || 'this address';
    return new DeckhandError('daemon.unreachable', `No daemon answers at ${place}: ${reason}.`, {
      cause,
      details: { place, reason },
    });
  }

  [Symbol.dispose](): void {
    // the browser keeps the connections
  }

  async #send(call: Call): Promise<Response> {
    const { method, path, body, signal, limit } = call;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), limit);
    let answer: Response;
    try {
      answer = await fetch(`${this.#origin}${path}`, {
        method,
        headers: {
          ...(await this.#headers(method)),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        credentials: 'same-origin',
        cache: 'no-store',
        redirect: 'error',
        signal: AbortSignal.any([signal, late.signal]),
      });
    } catch (error) {
      throw this.#fault(
        call,
        error,
        late.signal.aborted ? `no answer within ${limit / 1000} s` : 'it is away',
      );
    } finally {
      clearTimeout(timer);
    }
    if (answer.ok) return answer;
    const text = await answer.text().catch(() => '');
    throw faultFrom(text) ?? this.unreachable(`what answers is no Deckhand daemon (HTTP ${answer.status})`);
  }

  #fault(call: Call, cause: unknown, reason: string): DeckhandError {
    if (call.signal.aborted)
      return new DeckhandError('command.cancelled', 'The call to the daemon was stopped.', { cause });
    return this.unreachable(reason, cause);
  }
}

/** A stream's chunks; not every browser can iterate over one. */
class FetchedBody implements AnswerBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) return;
      yield value;
    }
  }

  destroy(fault?: Error): void {
    this.#reader.cancel(fault).catch(() => undefined);
  }
}
