import { connect as connectPlain } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { ServedModelView } from '../../core/chat.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { Endpoint } from '../../core/endpoint.ts';
import { llamaCpp } from '../../engines/adapters/llama-cpp.ts';
import { engineHttp } from '../../engines/engine-http.ts';
import type { ModelDoor } from '../../models/door.ts';
import type { ModelServer } from '../../models/model-pool.ts';
import { slotsOf } from '../../models/served-models.ts';
import type { ModelServerEntry } from '../../settings/schema.ts';
import { Learned } from './learned.ts';
import { type KeyPlace, serverKey } from './server-key.ts';

/** Milliseconds that finding out key and kind may take: its host may have to be reached first. */
const LEARN_LIMIT = 45_000;

export interface AddressParts extends KeyPlace {
  readonly name: string;
  readonly kind: ServedModelView['kind'];
  /** Models it is known to serve. */
  readonly promises: readonly string[];
  /** Milliseconds between signs of life of its streams; null = none. */
  readonly pingInterval: number | null;
  readonly dial: (signal: AbortSignal) => Promise<Duplex>;
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A model server that somebody else runs: of any kind, reached at an address or through a tunnel. */
export class AddressServer implements ModelServer {
  readonly name: string;
  readonly kind: ServedModelView['kind'];
  readonly promises: readonly string[];
  readonly #parts: AddressParts;
  readonly #door: Learned<ModelDoor>;
  #slots: number | null = null;

  constructor(parts: AddressParts) {
    this.name = parts.name;
    this.kind = parts.kind;
    this.promises = parts.promises;
    this.#parts = parts;
    this.#door = new Learned(LEARN_LIMIT, async signal => await this.#learn(signal));
  }

  get slots(): number | null {
    return this.#slots;
  }
  async door(signal: AbortSignal): Promise<ModelDoor> {
    return await this.#door.get(signal);
  }
  forget(): void {
    this.#door.forget();
  }

  async #learn(signal: AbortSignal): Promise<ModelDoor> {
    const { name, dial, base, headers, pingInterval } = this.#parts;
    const key = await serverKey(name, this.#parts, process.env);
    const door: ModelDoor = {
      name,
      base,
      headers,
      dial,
      key: () => key,
      resumes: false,
      pingInterval,
    };
    const ask = { http: engineHttp(dial), key, signal };
    const isLlama = base === '' && (await llamaCpp.detect(ask)) !== null;
    if (!isLlama) return door;
    this.#slots = await slotsOf(door, signal);
    return { ...door, resumes: (await llamaCpp.abilities(ask)).resume };
  }
}

export function addressOf(
  name: string,
  { url, headers, keyFile, keyEnvironment }: ModelServerEntry,
): AddressParts {
  const { protocol, hostname, port, host, pathname } = new URL(url);
  const isTls = protocol === 'https:';
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  const where = { host: bare, port: Number(port) || (isTls ? 443 : 80) };
  return {
    name,
    kind: 'address',
    promises: [],
    pingInterval: null,
    dial: async signal =>
      await dialed(where, signal, () =>
        isTls ? connectTls({ ...where, servername: bare }) : connectPlain(where),
      ),
    base: pathname.replace(/\/(?:v1\/?)?$/, ''),
    headers: { host, ...headers },
    keyFile,
    keyEnvironment,
  };
}

export async function dialEndpoint(endpoint: Endpoint, signal: AbortSignal): Promise<Duplex> {
  return await dialed(endpoint, signal, () => connectPlain(endpoint));
}

async function dialed(
  where: Endpoint,
  signal: AbortSignal,
  open: () => ReturnType<typeof connectPlain>,
): Promise<Duplex> {
  signal.throwIfAborted();
  const socket = open();
  socket.setNoDelay(true);
  return await new Promise((resolve, reject) => {
    const leave = (): void => {
      socket.destroy();
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', leave, { once: true });
    const ready = 'encrypted' in socket ? 'secureConnect' : 'connect';
    socket.once(ready, () => {
      signal.removeEventListener('abort', leave);
      resolve(socket);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      signal.removeEventListener('abort', leave);
      const place = 'path' in where ? where.path : `${where.host}:${where.port}`;
      reject(
        new DeckhandError('engine.down', `Nothing answers at ${place}: ${error.code ?? error.message}.`, {
          cause: error,
        }),
      );
    });
  });
}
