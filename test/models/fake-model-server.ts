import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ModelDoor } from '../../src/models/door.ts';

export interface FakeOptions {
  key?: string;
  models?: string[];
  /** Knows `X-Conversation-Id`, as llama-server does. */
  resumes?: boolean;
  slots?: number;
  /** What it says, piece by piece. */
  pieces?: string[];
  context?: number;
}

/** How a stream goes on its way. */
interface Running {
  readonly bytes: Buffer[];
  isDone: boolean;
  length: number;
  readonly readers: Set<ServerResponse>;
}

/**
 * A model server with the shapes of llama-server and the faults that a real one does not show when asked to.
 * `hold` keeps answers from going on until `release`.
 */
export class FakeModelServer implements AsyncDisposable {
  readonly options: FakeOptions;
  readonly requests: { readonly path: string; readonly body: string; readonly key: string | undefined }[] =
    [];
  /** Requests whose answer has not ended, as `/slots` would show them. */
  busy = 0;
  /** Answers this in place of a chat. */
  instead: { status: number; type?: string; body: string } | null = null;
  /** Ends the connection after so many bytes of the answer, once each. */
  cuts: number[] = [];
  /** Comments so many times before the answer. */
  pings = 0;
  unended = false;
  /** What `/metrics` says; null: it has no such path. */
  metrics: string | null = null;
  /** As one that has nothing to do for a while. */
  sleeps = false;
  /** Gives an answer that was cut out again without a byte of it. */
  resumesEmpty = false;
  /** So many times it does not know yet what it is told to drop. */
  slowToLearn = 0;
  #held: Promise<void> | null = null;
  #release: () => void = () => {};
  #refusing = false;
  readonly #sockets = new Set<Socket>();
  readonly #streams = new Map<string, Running>();
  readonly #server: Server;

  private constructor(options: FakeOptions) {
    this.options = options;
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.on('connection', socket => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket)).on('error', () => {});
    });
  }

  static async start(options: FakeOptions = {}): Promise<FakeModelServer> {
    const server = new FakeModelServer(options);
    await new Promise<void>(resolve => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  door(part: Partial<ModelDoor> = {}): ModelDoor {
    return {
      name: 'box/tiny',
      base: '',
      key: () => this.options.key,
      headers: {},
      resumes: this.options.resumes ?? false,
      pingInterval: null,
      dial: async () => await this.#dial(),
      ...part,
    };
  }

  /** Answers wait before their first piece. */
  hold(): void {
    this.#held = new Promise(resolve => {
      this.#release = resolve;
    });
  }
  release(): void {
    this.#held = null;
    this.#release();
  }

  /** The network is gone: connections end, new ones fail. */
  unplug(): void {
    this.#refusing = true;
    for (const socket of this.#sockets) socket.destroy();
  }
  plugIn(): void {
    this.#refusing = false;
  }

  async #dial(): Promise<Duplex> {
    const { DeckhandError } = await import('../../src/core/deckhand-error.ts');
    if (this.#refusing) throw new DeckhandError('tunnel.down', 'unplugged');
    return await new Promise<Duplex>((resolve, reject) => {
      const socket = connect(this.port, '127.0.0.1');
      socket.once('connect', () => resolve(socket)).once('error', reject);
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
    const body = Buffer.concat(pieces).toString('utf8');
    const url = new URL(request.url ?? '', 'http://fake');
    const { key, models = ['tiny'], slots = 4 } = this.options;
    this.requests.push({ path: url.pathname, body, key: request.headers.authorization });
    if (key !== undefined && request.headers.authorization !== `Bearer ${key}`)
      return send(response, 401, {
        error: { message: 'Invalid API Key', type: 'authentication_error', code: 401 },
      });
    const where = `${request.method} ${url.pathname}`;
    if (where === 'GET /v1/models')
      return send(response, 200, {
        object: 'list',
        data: models.map(id => ({ id, owned_by: 'llamacpp', meta: { n_ctx: this.options.context ?? 2048 } })),
      });
    if (where === 'GET /props') return send(response, 200, { total_slots: slots, is_sleeping: this.sleeps });
    if (where === 'GET /metrics' && this.metrics !== null)
      return void response.writeHead(200, { 'content-type': 'text/plain' }).end(this.metrics);
    if (where === 'POST /v1/embeddings')
      return send(response, 200, { object: 'list', data: [], echoed: body.length });
    if (url.pathname === '/v1/stream') return this.#stream(request.method ?? '', url, response);
    if (where === 'POST /v1/chat/completions' || where === 'POST /v1/completions')
      return await this.#chat(request, response, body);
    return send(response, 404, { error: { message: 'File Not Found', type: 'not_found_error', code: 404 } });
  }

  async #chat(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
    const { context: n_ctx = 2048, pieces = ['Ahoy', ', grüße', ' 🦜', '!'] } = this.options;
    if (body.length / 4 > n_ctx) {
      const n_prompt_tokens = Math.ceil(body.length / 4);
      const error = { message: 'too long', type: 'exceed_context_size_error', n_prompt_tokens, n_ctx };
      return send(response, 400, { error });
    }
    const endless = (JSON.parse(body) as { max_tokens?: number }).max_tokens ?? 0;
    const said = endless > pieces.length ? Array.from({ length: endless }, () => 'word ') : pieces;
    if (this.instead) {
      const { status, type = 'application/json', body } = this.instead;
      response.writeHead(status, { 'content-type': type }).end(body);
      return;
    }
    const id = request.headers['x-conversation-id'];
    const known = this.options.resumes === true && typeof id === 'string';
    const running: Running = { bytes: [], isDone: false, length: 0, readers: new Set([response]) };
    if (known) this.#streams.set(id, running);
    this.busy += 1;
    const end = (): void => this.#end(running);
    if (!known) response.once('close', end);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    const tell = (text: string): void => {
      const bytes = Buffer.from(text);
      running.bytes.push(bytes);
      running.length += bytes.length;
      for (const reader of running.readers) this.#write(reader, running, bytes);
    };
    for (let ping = 0; ping < this.pings; ping += 1) tell(':\n\n');
    tell(chunk({ choices: [{ delta: { role: 'assistant', content: null }, finish_reason: null }] }));
    for (const content of said) {
      await this.#held;
      if (running.isDone) return end();
      tell(chunk({ choices: [{ delta: { content }, finish_reason: null }] }));
      await new Promise(resolve => setImmediate(resolve));
    }
    end();
    if (this.unended) return void response.end();
    tell(
      chunk({
        choices: [{ delta: {}, finish_reason: 'stop' }],
        timings: { predicted_per_second: 123.5, cache_n: 2 },
      }),
    );
    tell(
      chunk({
        choices: [],
        usage: {
          prompt_tokens: 22,
          completion_tokens: said.length,
          total_tokens: 22 + said.length,
          prompt_tokens_details: { cached_tokens: 2 },
        },
      }),
    );
    tell('data: [DONE]\n\n');
    for (const reader of running.readers) reader.end();
  }

  #end(running: Running): void {
    if (!running.isDone) this.busy -= 1;
    running.isDone = true;
  }

  /** Every connection loses the rest of what it was sent at the next cut. */
  #write(reader: ServerResponse, running: Running, bytes: Buffer): void {
    const total = running.length;
    const cut = this.cuts[0];
    if (cut !== undefined && total >= cut) {
      this.cuts.shift();
      running.readers.delete(reader);
      reader.write(bytes.subarray(0, Math.max(bytes.length - (total - cut), 0)), () => reader.destroy());
      return;
    }
    reader.write(bytes);
  }

  #stream(method: string, url: URL, response: ServerResponse): void {
    const known = this.#streams.get(url.searchParams.get('conv_id') ?? '');
    const running = method === 'DELETE' && this.slowToLearn-- > 0 ? undefined : known;
    if (!running) return send(response, 404, { error: { message: 'stream not found', code: 404 } });
    if (method === 'DELETE') {
      this.#end(running);
      response.writeHead(204).end();
      return;
    }
    if (this.resumesEmpty) return void response.writeHead(200, { 'content-type': 'text/event-stream' }).end();
    const rest = Buffer.concat(running.bytes).subarray(Number(url.searchParams.get('from')));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(rest);
    if (running.isDone) response.end();
    else running.readers.add(response);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }
}

function chunk(body: object): string {
  return `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'tiny', ...body })}\n\n`;
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
