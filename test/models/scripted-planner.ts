import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ModelDoor } from '../../src/models/door.ts';
import type { PlanningServer, Provider } from '../../src/models/planning/planning-server.ts';

/** What the server does with one request. */
export type Move =
  | { readonly say: string; readonly usage?: false; readonly finish?: string }
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  /** Says a part, then the connection is gone. */
  | { readonly cut: string }
  /** Says a part, then the stream ends as if it were whole. */
  | { readonly short: string }
  /** Says a part, then an error within the stream. */
  | { readonly fails: string }
  /** Goes on for ever. */
  | { readonly endless: true }
  /** Says a part, then nothing more, for ever. */
  | { readonly stalls: string }
  /** Takes the request and never answers. */
  | { readonly silent: true };

interface Seen {
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * A server that speaks the streamed wire form of each provider and does what it is told, one move a request; the last
 * one again and again. It exists for tests alone: nothing of the product knows it.
 */
export class ScriptedPlanner implements AsyncDisposable {
  moves: Move[] = [];
  readonly seen: Seen[] = [];
  readonly key = 'sk-scripted-0123456789abcdef';
  #left = 0;
  #waiting: (() => void)[] = [];
  readonly #provider: Provider;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(provider: Provider) {
    this.#provider = provider;
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.on('connection', socket => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket)).on('error', () => {});
    });
  }

  static async start(
    provider: Provider = 'openai-compatible',
    moves: readonly Move[] = [],
  ): Promise<ScriptedPlanner> {
    const server = new ScriptedPlanner(provider);
    server.moves = [...moves];
    await new Promise<void>(resolve => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  planningServer(part: Partial<PlanningServer> = {}): PlanningServer {
    const door: ModelDoor = {
      name: 'box',
      base: '',
      key: () => this.key,
      headers: { host: 'box' },
      resumes: false,
      pingInterval: null,
      dial: async () => await this.#dial(),
    };
    return {
      name: 'box/brain',
      provider: this.#provider,
      model: 'claude-sonnet-5-5',
      door: async () => await Promise.resolve(door),
      forget: () => {},
      isLocal: false,
      keySource: 'the key file /keys/box',
      price: null,
      ...part,
    };
  }

  /** Resolves when a client has left before its answer had ended. */
  async left(): Promise<void> {
    while (this.#left === 0) await new Promise<void>(resolve => this.#waiting.push(resolve));
  }

  async #dial(): Promise<Duplex> {
    const socket = connect({ host: '127.0.0.1', port: this.port });
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return socket;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const piece of request) text += String(piece);
    const { url = '', headers, method } = request;
    // asked what it serves: it does not say
    if (method === 'GET') {
      response.writeHead(404).end();
      return;
    }
    this.seen.push({ path: url, headers, body: JSON.parse(text) as Seen['body'] });
    response.on('close', () => {
      if (response.writableFinished) return;
      this.#left += 1;
      for (const resolve of this.#waiting.splice(0)) resolve();
    });
    const move = this.moves.length > 1 ? this.moves.shift() : this.moves[0];
    if (!move || 'silent' in move) return;
    if ('status' in move) {
      response.writeHead(move.status, { 'content-type': 'application/json', ...move.headers });
      response.end(JSON.stringify(move.body ?? {}));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    await this.#stream(move, response);
  }

  async #stream(
    move: Exclude<Move, { status: number } | { silent: true }>,
    response: ServerResponse,
  ): Promise<void> {
    const wire = WIRES[this.#provider];
    const send = (messages: readonly string[]): void => messages.forEach(message => response.write(message));
    send(wire.begin);
    if ('say' in move) {
      send(wire.text(move.say));
      send(wire.end(move.finish ?? 'stop', move.usage !== false));
      response.end();
    } else if ('cut' in move) {
      send(wire.text(move.cut));
      // the part arrives before the end does
      response.write('\n', () => setImmediate(() => response.destroy()));
    } else if ('short' in move) {
      send(wire.text(move.short));
      response.end();
    } else if ('fails' in move) {
      send(wire.error(move.fails));
      response.end();
    } else if ('stalls' in move) send(wire.text(move.stalls));
    else
      while (!response.destroyed) {
        send(wire.text('again and '));
        await new Promise(resolve => setTimeout(resolve, 2));
      }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise(resolve => this.#server.close(resolve));
  }
}

interface Wire {
  readonly begin: readonly string[];
  text(text: string): readonly string[];
  end(finish: string, usage: boolean): readonly string[];
  error(words: string): readonly string[];
}

const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const named = (type: string, rest: object): string => `event: ${type}\n${data({ type, ...rest })}`;

/** What they count: 70 in, 30 out. */
const WIRES: Readonly<Record<Provider, Wire>> = {
  'openai-compatible': {
    begin: [data({ id: '1', choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] })],
    text: text => [data({ id: '1', choices: [{ index: 0, delta: { content: text } }] })],
    end: (finish, usage) => [
      data({ id: '1', choices: [{ index: 0, delta: {}, finish_reason: finish }] }),
      ...(usage
        ? [
            data({
              id: '1',
              choices: [],
              usage: { prompt_tokens: 70, completion_tokens: 30, total_tokens: 100 },
            }),
          ]
        : []),
      'data: [DONE]\n\n',
    ],
    error: words => [data({ error: { message: words, type: 'server_error' } })],
  },
  anthropic: {
    begin: [
      named('message_start', {
        message: {
          id: 'm',
          type: 'message',
          role: 'assistant',
          model: 'c',
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: 70, output_tokens: 1 },
        },
      }),
      named('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    ],
    text: text => [named('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })],
    end: finish => [
      named('content_block_stop', { index: 0 }),
      named('message_delta', {
        delta: { stop_reason: finish === 'length' ? 'max_tokens' : 'end_turn', stop_sequence: null },
        usage: { output_tokens: 30 },
      }),
      named('message_stop', {}),
    ],
    error: words => [named('error', { error: { type: 'overloaded_error', message: words } })],
  },
  google: {
    begin: [': here\n\n'],
    text: text => [data({ candidates: [{ content: { role: 'model', parts: [{ text }] }, index: 0 }] })],
    end: (finish, usage) => [
      data({
        candidates: [
          {
            content: { role: 'model', parts: [] },
            finishReason: finish === 'length' ? 'MAX_TOKENS' : 'STOP',
            index: 0,
          },
        ],
        ...(usage && {
          usageMetadata: { promptTokenCount: 70, candidatesTokenCount: 30, totalTokenCount: 100 },
        }),
      }),
    ],
    error: words => [data({ error: { code: 503, message: words, status: 'UNAVAILABLE' } })],
  },
};
