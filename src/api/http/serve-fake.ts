import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskApi } from '../task-api.ts';
import { buildHttpApp, type HttpAppOptions } from './app.ts';
import { FakeTaskApi } from './fake-task-api.ts';
import { requestListener } from './listener.ts';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: {
    readonly error?: { readonly code: string; readonly message: string; readonly details: object };
  };
}
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** The real app on a real Unix socket before a fake engine: for tests of the transport. */
export class ServedFake implements AsyncDisposable {
  readonly socketPath: string;
  readonly fake: FakeTaskApi;
  readonly sockets = new Set<Socket>();
  readonly #folder: string;
  #server: Server | null = null;
  #options: HttpAppOptions;

  private constructor(behaviour: Partial<TaskApi>, options: Partial<HttpAppOptions>) {
    this.#folder = mkdtempSync(join(tmpdir(), 'deckhand-http-'));
    this.socketPath = join(this.#folder, 's');
    this.fake = new FakeTaskApi(behaviour);
    this.#options = { api: this.fake.api, version: '1.2.3', ...options };
  }

  static async start(
    behaviour: Partial<TaskApi> = {},
    options: Partial<HttpAppOptions> = {},
  ): Promise<ServedFake> {
    const served = new ServedFake(behaviour, options);
    await served.listen();
    return served;
  }

  async listen(options: Partial<HttpAppOptions> = {}): Promise<void> {
    this.#options = { ...this.#options, ...options };
    const listener = requestListener(buildHttpApp(this.#options));
    const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
    server.on('connection', socket => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    this.#server = server;
    await new Promise<void>(resolve => server.listen(this.socketPath, resolve));
  }

  /** Milliseconds that a connection may be idle, from now on. */
  closesIdleAfter(limit: number): void {
    if (this.#server) this.#server.keepAliveTimeout = limit;
  }

  /** As after `kill -9`: the socket is gone and every connection is cut. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = null;
    const closed = new Promise(resolve => server.close(resolve));
    this.cut();
    await closed;
  }

  /** Cuts every connection; the server stays. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** A request as any program may send it. */
  async raw({ method, path, headers = {}, body }: RawRequest): Promise<RawAnswer> {
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      const { socketPath } = this;
      const outgoing = request(
        { socketPath, method, path, headers: { host: 'localhost', ...headers } },
        resolve,
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    return {
      status: incoming.statusCode ?? 0,
      headers: incoming.headers,
      body: JSON.parse(Buffer.concat(chunks).toString()) as RawAnswer['body'],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
