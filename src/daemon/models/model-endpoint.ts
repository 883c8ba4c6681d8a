import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { requestListener } from '../../api/http/listener.ts';
import { buildOpenAiApp, type OpenAiGateway, type PassedCall } from '../../api/openai/openai-app.ts';
import type { EndpointView } from '../../core/chat.ts';
import type { Clock } from '../../core/clock.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { Surroundings } from '../../core/task.ts';
import type { ModelPool, ModelServer } from '../../models/model-pool.ts';
import { type PassedRequest, passOnce, passStream, passWhole } from '../../models/pass-on.ts';
import type { ModelSources } from './model-sources.ts';

export interface ModelEndpointParts {
  readonly pool: ModelPool;
  readonly sources: ModelSources;
  readonly clock: Clock;
  /** Where the token is kept. */
  readonly folder: string;
}

export interface OpenModelEndpoint extends ModelEndpointParts {
  readonly surroundings: Surroundings;
  readonly port: number;
  readonly kept: boolean;
}

/** All models under one address of this machine. */
export class ModelEndpoint implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #server: Server;
  readonly #pool: ModelPool;
  readonly #about: Pick<EndpointView, 'tokenFile' | 'kept'>;
  #requests = 0;
  #running = 0;

  private constructor(server: Server, pool: ModelPool, about: Pick<EndpointView, 'tokenFile' | 'kept'>) {
    this.#server = server;
    this.#pool = pool;
    this.#about = about;
  }

  /** Throws `endpoint.port-busy`. */
  static async open(options: OpenModelEndpoint): Promise<ModelEndpoint> {
    const tokenFile = join(options.folder, 'endpoint-token');
    const token = await tokenIn(options.folder, tokenFile);
    const server = createServer();
    const endpoint = new ModelEndpoint(server, options.pool, { tokenFile, kept: options.kept });
    const app = buildOpenAiApp({
      token,
      stopping: endpoint.#stop.signal,
      gateway: endpoint.#gateway(options),
    });
    server.on('request', (request, response) => void requestListener(app)(request, response));
    await listen(server, options.port);
    return endpoint;
  }

  view(): EndpointView {
    const { port } = this.#server.address() as AddressInfo;
    return {
      url: `http://127.0.0.1:${port}/v1`,
      ...this.#about,
      requests: this.#requests,
      running: this.#running,
      waiting: this.#pool.waiting,
    };
  }

  #gateway({ sources, surroundings, pool, clock }: OpenModelEndpoint): OpenAiGateway {
    const look = async (): Promise<readonly ModelServer[]> => await sources.servers(surroundings);
    const known = new KnownServers(clock, look, this.#stop.signal);
    const begin = async (call: PassedCall): Promise<PassedRequest> => ({
      ...call,
      clock,
      servers: await known.forModel(call.body['model']),
      again: look,
    });
    const begun = (): Disposable => this.#begun();
    return {
      models: async signal => {
        const views = await pool.list(await sources.servers(surroundings), signal);
        const owners = new Map<string, string>();
        for (const { model, server } of views)
          if (model !== null && !owners.has(model)) owners.set(model, server);
        return [...owners].map(([id, owner]) => ({ id, owner }));
      },
      async *stream(call) {
        using _count = begun();
        yield* passStream(pool, await begin(call));
      },
      async whole(call) {
        using _count = begun();
        return await passWhole(pool, await begin(call));
      },
      async once(call) {
        using _count = begun();
        return await passOnce(pool, await begin(call));
      },
    };
  }

  #begun(): Disposable {
    this.#requests += 1;
    this.#running += 1;
    return {
      [Symbol.dispose]: () => {
        this.#running -= 1;
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new DeckhandError('command.cancelled', 'The endpoint is closed.'));
    const closed = new Promise(resolve => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

/** Milliseconds after which the servers are looked for again, beside the request that is served. */
const FRESH = 1_000;

/** The servers as they were a moment ago: settings and tunnels are not read anew before every first token. */
class KnownServers {
  readonly #clock: Clock;
  readonly #look: () => Promise<readonly ModelServer[]>;
  readonly #stopping: AbortSignal;
  #known: readonly ModelServer[] = [];
  #at = Number.NEGATIVE_INFINITY;
  #looking: Promise<readonly ModelServer[]> | null = null;
  #later: Promise<void> | null = null;

  constructor(clock: Clock, look: () => Promise<readonly ModelServer[]>, stopping: AbortSignal) {
    this.#clock = clock;
    this.#look = look;
    this.#stopping = stopping;
  }

  /** Those known already where one of them has the model for sure; else all that there are now. */
  async forModel(model: unknown): Promise<readonly ModelServer[]> {
    const isOld = this.#clock.monotonic() - this.#at > FRESH;
    const looking = isOld ? this.#lookAgain() : null;
    const isKnown = this.#known.some(
      ({ promises, isGone }) => !isGone && promises.some(name => name === model),
    );
    if (!isKnown) return await (looking ?? this.#lookAgain());
    looking?.catch(() => undefined);
    if (!this.#later)
      this.#later = this.#lookLater().finally(() => {
        this.#later = null;
      });
    return this.#known;
  }

  /** A request may wait at a server that was removed a moment ago: it must not wait for the next request to learn that. */
  async #lookLater(): Promise<void> {
    await this.#clock
      .sleep(FRESH, this.#stopping)
      .then(async () => await this.#lookAgain())
      .catch(() => undefined);
  }

  async #lookAgain(): Promise<readonly ModelServer[]> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    this.#known = await this.#looking;
    this.#at = this.#clock.monotonic();
    return this.#known;
  }
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new DeckhandError('endpoint.port-busy', `127.0.0.1:${port} cannot be listened on: ${error.code}.`, {
          cause: error,
          details: { port },
        }),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
}

/** The same token at every start, so that programs keep working. */
async function tokenIn(folder: string, file: string): Promise<string> {
  const kept = await readFile(file, 'utf8').catch(() => '');
  if (/^[0-9a-f]{64}\n$/.test(kept)) {
    await chmod(file, 0o600);
    return kept.trim();
  }
  const token = randomBytes(32).toString('hex');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(file, `${token}\n`, { mode: 0o600 });
  await chmod(file, 0o600);
  return token;
}
