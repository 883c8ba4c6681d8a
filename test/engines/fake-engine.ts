import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Dial } from '../../src/models/http-exchange.ts';
import { type RecordedName, type RecordedServer, recordedServers } from './recorded-answers.ts';

/** How a pretended model server behaves; all of it can be changed while it runs. */
export interface FakeBehaviour {
  kind: 'llama.cpp' | 'ollama' | 'openai' | RecordedName | 'something else';
  key: string | undefined;
  /** 503 with llama-server's words. */
  loading: boolean;
  sleeping: boolean;
  models: string[];
  /** Paths that it answers besides. */
  more: Readonly<Record<string, object>>;
  /** What goes wrong: nothing; it never answers; it closes in the middle; it answers with no JSON; a stream without its end. */
  fault: 'none' | 'silent' | 'cut' | 'no-json' | 'unended';
  /** Paths that it never answers. */
  silentPaths: string[];
  /** Paths that were asked for before it was loaded. */
  earlyPaths: string[];
}

/** A server with the shapes of the real ones, for the faults that those do not show when they are asked to. */
export class FakeEngine implements AsyncDisposable {
  readonly behaviour: FakeBehaviour;
  /** Methods and paths, in order. */
  readonly asked: string[] = [];
  /** Requests that were there at the same time, at most. */
  mostAtOnce = 0;
  #open = 0;
  readonly #server: Server;

  private constructor(behaviour: FakeBehaviour) {
    this.behaviour = behaviour;
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async start(behaviour: Partial<FakeBehaviour> = {}): Promise<FakeEngine> {
    const engine = new FakeEngine({
      kind: 'llama.cpp',
      key: undefined,
      loading: false,
      sleeping: false,
      models: ['tiny'],
      more: {},
      fault: 'none',
      silentPaths: [],
      earlyPaths: [],
      ...behaviour,
    });
    await new Promise<void>(resolve => engine.#server.listen(0, '127.0.0.1', resolve));
    return engine;
  }

  readonly dial: Dial = async () =>
    await new Promise<Duplex>((resolve, reject) => {
      const socket = connect((this.#server.address() as AddressInfo).port, '127.0.0.1');
      socket.once('connect', () => resolve(socket)).once('error', reject);
    });

  #answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    this.#open += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#open);
    response.once('close', () => (this.#open -= 1));
    const { kind, key, loading, fault } = this.behaviour;
    if (fault === 'silent') return;
    if (fault === 'cut') {
      response.writeHead(200, { 'content-length': 1000 }).write('{');
      setImmediate(() => response.destroy());
      return;
    }
    if (fault === 'no-json') return void response.end('<html>');
    const path = request.url ?? '';
    this.asked.push(`${request.method} ${path}`);
    if (this.behaviour.silentPaths.includes(path)) return;
    const recorded = this.#recorded;
    const isOpen = (path === '/health' && kind === 'llama.cpp') || recorded?.open.includes(path) === true;
    if (loading || this.behaviour.earlyPaths.includes(path))
      return send(response, 503, { error: { message: 'Loading model', type: 'unavailable_error' } });
    const given = request.headers.authorization;
    if (key !== undefined && !isOpen && given !== `Bearer ${key}`)
      return send(response, 401, { error: { message: 'Invalid API Key', type: 'authentication_error' } });
    const found = { ...this.#routes(), ...this.behaviour.more }[path];
    if (path === '/v1/chat/completions') this.#chat(response);
    else if (found === undefined && kind === 'lm-studio')
      send(response, 200, { error: `Unexpected endpoint or method. (${request.method} ${path})` });
    else if (found === undefined) send(response, 404, { error: { message: 'File Not Found' } });
    else if (typeof found === 'string') response.end(found);
    else send(response, 200, found);
  }

  get #recorded(): RecordedServer | undefined {
    const { kind } = this.behaviour;
    return Object.hasOwn(recordedServers, kind) ? recordedServers[kind as RecordedName] : undefined;
  }

  #routes(): Readonly<Record<string, object | string>> {
    const { kind, models, sleeping } = this.behaviour;
    const recorded = this.#recorded;
    if (recorded) return recorded.answers(models);
    const data = models.map(id => ({
      id,
      object: 'model',
      owned_by: kind === 'llama.cpp' ? 'llamacpp' : 'them',
    }));
    const list = { '/v1/models': { object: 'list', data } };
    switch (kind) {
      case 'llama.cpp':
        return {
          ...list,
          '/health': { status: 'ok' },
          '/props': {
            build_info: 'b1-fake',
            is_sleeping: sleeping,
            endpoint_metrics: true,
            chat_template_caps: { supports_tools: true },
          },
          '/slots': [
            { id: 0, is_processing: true },
            { id: 1, is_processing: false },
          ],
          '/v1/streams/lookup': [],
        };
      case 'ollama':
        return {
          ...list,
          '/': 'Ollama is running',
          '/api/version': { version: '0.12.0' },
          '/api/tags': { models: models.map(name => ({ name })) },
        };
      case 'openai':
        return list;
      default:
        return { '/': 'Welcome to nginx!' };
    }
  }

  #chat(response: ServerResponse): void {
    const chunk = (choice: object): string => `data: ${JSON.stringify({ choices: [choice] })}\n\n`;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(chunk({ delta: { role: 'assistant', content: null }, finish_reason: null }));
    response.write(':\n\n');
    response.write(chunk({ delta: { content: 'Ahoy' }, finish_reason: null }));
    if (this.behaviour.fault === 'unended') return void response.end();
    response.write(chunk({ delta: {}, finish_reason: 'stop' }));
    response.end('data: [DONE]\n\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
