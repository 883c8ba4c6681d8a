import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { sameSecret } from '../../api/same-secret.ts';
import { ask } from '../../models/door.ts';
import type { PlanningServer } from '../../models/planning/planning-server.ts';

/** Bytes of a question, and requests of one run. */
const LONGEST_QUESTION = 1024 * 1024;
const MOST_REQUESTS = 12;
const CHAT = '/v1/chat/completions';

/** An address on this machine for one program and one run: it leads to one model, and the model's key stays here. */
export class ModelRelay implements AsyncDisposable {
  /** What the program has to show; of no use elsewhere or later. */
  readonly token = randomBytes(24).toString('hex');
  readonly #server: Server;
  readonly #stop = new AbortController();
  readonly #to: PlanningServer;
  #requests = 0;

  private constructor(to: PlanningServer) {
    this.#to = to;
    this.#server = createServer((request, response) => {
      this.#pass(request, response).catch(() => response.destroy());
    });
  }

  static async open(to: PlanningServer): Promise<ModelRelay> {
    const relay = new ModelRelay(to);
    await new Promise<void>(resolve => relay.#server.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }
  get requests(): number {
    return this.#requests;
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST' || request.url !== CHAT) return void response.writeHead(404).end();
    if (!sameSecret(request.headers.authorization, `Bearer ${this.token}`))
      return void response.writeHead(401).end();
    this.#requests += 1;
    if (this.#requests > MOST_REQUESTS) return void response.writeHead(400).end();
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, this.#stop.signal]);
    const question = await wholeOf(request);
    const door = await this.#to.door(signal);
    const body = JSON.stringify({ ...(JSON.parse(question) as object), model: this.#to.model });
    const answer = await ask(door, { method: 'POST', path: CHAT, signal, body });
    const { 'content-type': type = 'application/json' } = answer.headers;
    response.writeHead(answer.statusCode ?? 502, { 'content-type': type });
    await pipeline(answer, response);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }
}

async function wholeOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > LONGEST_QUESTION) throw new Error('the question is too long');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
