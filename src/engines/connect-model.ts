import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { AttachedModel, ConnectParams } from '../core/attached-model.ts';
import type { Clock } from '../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import { showEndpoint } from '../core/endpoint.ts';
import type { StatusResult } from '../core/model-params.ts';
import { attachEngine, type AttachedEngine } from './attach.ts';
import { servesNothing } from './deploy/inspect.ts';
import type { Site } from './deploy/site.ts';
import type { AskEngine } from './engine.ts';
import { allWithin, engineHttp, limited, LOOK_LIMIT, within } from './engine-http.ts';
import { keyFrom } from './key-file.ts';
import { triedEndpoints } from './tried-endpoints.ts';

/** Milliseconds that one place has to say what it is. */
const LIMIT = 20_000;

type Reach = Pick<AttachedModel, 'listen' | 'tls' | 'base' | 'keyFile'>;

/** What kept a place from being taken, when another may be the right one. */
const ANOTHER_MAY_BE = [
  'engine.down',
  'engine.failed',
  'tunnel.target-refused',
  'tunnel.forward-denied',
] as const;

export interface ConnectRequest {
  readonly site: Pick<Site, 'name' | 'dial'>;
  readonly params: ConnectParams;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Finds out what serves models there, in the order of the places that were named. Nothing is changed. Throws
 * `engine.key-rejected`, and `engine.down` or `engine.failed` naming each place that was tried.
 */
export async function connectModel({ site, params, clock, signal }: ConnectRequest): Promise<AttachedModel> {
  const failures: { readonly place: string; readonly error: DeckhandError }[] = [];
  for (const listen of params.listen) {
    const reach = { ...params, listen, keyFile: params.keyFile ?? null };
    try {
      const found = await foundAt(site, reach, signal);
      return remembered(site.name, reach, found, params.name, clock.now());
    } catch (thrown) {
      signal.throwIfAborted();
      const error = toDeckhandError(thrown);
      if (!ANOTHER_MAY_BE.some(code => code === error.code)) throw error;
      failures.push({ place: showEndpoint(listen), error });
    }
  }
  const [first] = failures;
  const tried = failures
    .map(({ place, error }) => `${place} (${error.message.replace(/\.$/, '')})`)
    .join(', ');
  const isAnswered = failures.some(({ error }) => error.code === 'engine.failed');
  throw new DeckhandError(
    isAnswered ? 'engine.failed' : 'engine.down',
    `${site.name}: no model server answers at ${tried}.`,
    {
      hint: 'Name where it listens with --port or --socket, and its key with --key-file.',
      cause: first?.error,
    },
  );
}

async function foundAt(
  site: ConnectRequest['site'],
  reach: Reach,
  signal: AbortSignal,
): Promise<AttachedEngine> {
  return await limited(signal, LIMIT, async both => {
    const ask = await askAttached(site, reach, both);
    // one that says nothing is not waited for as long as one that is slow
    return await attachEngine(within(ask, LOOK_LIMIT));
  });
}

function remembered(
  host: string,
  { listen, tls, base, keyFile }: Reach,
  { engine, version, readiness, models }: AttachedEngine,
  name: string | undefined,
  now: number,
): AttachedModel {
  const about = { engine, version: version?.slice(0, 300) ?? null, readiness, models: models.slice(0, 1000) };
  return {
    kind: 'attached',
    host,
    name: name ?? engine,
    listen,
    tls,
    base,
    keyFile,
    ...about,
    attachedAt: now,
  };
}

/** How to speak to an attached server from a host or this machine; its key is read now. Throws what `keyFrom` throws. */
export async function askAttached(
  site: ConnectRequest['site'],
  { listen, tls, base, keyFile }: Reach,
  signal: AbortSignal,
): Promise<AskEngine> {
  const key = keyFile === null ? undefined : await keyFrom(keyFile);
  const isTcp = 'port' in listen;
  const host = isTcp && listen.host !== '127.0.0.1' ? hostHeader(listen, tls) : 'localhost';
  const dial = async (dialSignal: AbortSignal): Promise<Duplex> => {
    const stream = await site.dial(listen, dialSignal);
    return tls ? await secured(stream, isTcp ? listen.host : 'localhost', dialSignal) : stream;
  };
  return { http: engineHttp(dial, { host, base }), key, signal };
}

function hostHeader({ host, port }: { readonly host: string; readonly port: number }, tls: boolean): string {
  const bare = host.includes(':') ? `[${host}]` : host;
  return port === (tls ? 443 : 80) ? bare : `${bare}:${port}`;
}

/** Over a connection that is there, the name checked against the certificate. Throws `engine.down`. */
export async function secured(stream: Duplex, servername: string, signal: AbortSignal): Promise<Duplex> {
  return await new Promise((resolve, reject) => {
    // an address is no name for the handshake, but it is checked all the same
    const isAddress = /^[\d.]+$|:/.test(servername);
    const socket = connectTls({ socket: stream, host: servername, ...(isAddress ? {} : { servername }) });
    const leave = (): void => void socket.destroy(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', leave);
      resolve(socket);
    });
    socket.once('error', error => {
      signal.removeEventListener('abort', leave);
      stream.destroy();
      const text = `${servername}: no secure connection: ${error.message}.`;
      reject(
        signal.aborted ? (signal.reason as Error) : new DeckhandError('engine.down', text, { cause: error }),
      );
    });
  });
}

/** How an attached server is just now: what it serves and can do, each endpoint with status and latency. */
export async function inspectAttached({
  site,
  attached,
  clock,
  signal,
}: Omit<ConnectRequest, 'params'> & { readonly attached: AttachedModel }): Promise<StatusResult> {
  const about = {
    name: attached.name,
    release: null,
    service: null,
    state: `attached at ${showEndpoint(attached.listen)}`,
    restarts: 0,
    pid: null,
    memory: null,
  };
  try {
    const found = await foundAt(site, attached, signal);
    const ask = await askAttached(site, attached, signal);
    const model = found.models[0] ?? null;
    const endpoints = await triedEndpoints({
      ask,
      look: allWithin(ask, LOOK_LIMIT),
      adapter: found.adapter,
      model,
      clock,
    });
    const { readiness, models, abilities } = found;
    const isEmpty = readiness === 'ready' && models.length === 0;
    const problem = isEmpty ? servesNothing(`${attached.host}/${attached.name}`) : null;
    return {
      ...about,
      problem: problem === null ? null : told(problem),
      readiness,
      models,
      abilities: { ...abilities },
      endpoints,
    };
  } catch (thrown) {
    signal.throwIfAborted();
    const problem = told(toDeckhandError(thrown));
    const readiness = problem.code === 'engine.key-rejected' ? 'key rejected' : 'down';
    return { ...about, problem, readiness, models: [], abilities: null, endpoints: [] };
  }
}

function told({ code, message, hint }: DeckhandError): NonNullable<StatusResult['problem']> {
  return { code, message, hint };
}
