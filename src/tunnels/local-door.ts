import { chmod, lstat, unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { DeckhandError } from '../core/deckhand-error.ts';
import { type Endpoint, showEndpoint } from '../core/endpoint.ts';
import { LONGEST_SOCKET_PATH } from '../core/tunnel.ts';
import { reset } from './join-streams.ts';

/** A port or socket of this machine that is ours until it is closed. */
export interface LocalDoor extends AsyncDisposable {
  /** With the port that was found. */
  readonly endpoint: Endpoint;
}

/**
 * Takes a local port or socket at once, by listening and not by looking first: two who ask for the same one
 * never both get it. `anyPort`: another free port instead of a taken one. Throws `tunnel.port-busy`,
 * `tunnel.local-refused`.
 */
export async function openLocalDoor(
  endpoint: Endpoint,
  { anyPort, onClient }: { readonly anyPort: boolean; readonly onClient: (client: Socket) => void },
): Promise<LocalDoor> {
  const clients = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, client => {
    clients.add(client);
    client.once('close', () => clients.delete(client));
    client.on('error', () => undefined);
    onClient(client);
  });
  const bound = await listen(server, endpoint, anyPort);
  return {
    endpoint: bound,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()));
      for (const client of clients) reset(client);
      await closed;
    },
  };
}

async function listen(server: Server, endpoint: Endpoint, anyPort: boolean): Promise<Endpoint> {
  if ('path' in endpoint) {
    await listenOnSocket(server, endpoint.path);
    return endpoint;
  }
  try {
    await bind(server, endpoint);
  } catch (error) {
    if (!anyPort || !(error instanceof DeckhandError) || error.code !== 'tunnel.port-busy') throw error;
    await bind(server, { host: endpoint.host, port: 0 });
  }
  const address = server.address();
  return { host: endpoint.host, port: address !== null && typeof address === 'object' ? address.port : 0 };
}

async function listenOnSocket(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > LONGEST_SOCKET_PATH) {
    const message = `listen: '${path}' has ${Buffer.byteLength(path)} bytes; a socket's path has at most ${LONGEST_SOCKET_PATH}.`;
    throw new DeckhandError('tunnel.local-refused', message, { details: { field: 'listen', path } });
  }
  await removeStale(path);
  await bind(server, { path });
  await chmod(path, 0o600);
}

/** A socket that a killed process left behind is nobody's; one that answers is somebody's. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return;
  if (!found.isSocket()) {
    throw new DeckhandError('tunnel.local-refused', `listen: '${path}' is there already and is no socket.`, {
      details: { field: 'listen', path },
    });
  }
  if (await answers(path)) throw busy({ path });
  await unlink(path).catch(() => undefined);
}

function answers(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const probe = connect({ path });
    const done = (answer: boolean): void => {
      probe.destroy();
      resolve(answer);
    };
    probe.once('connect', () => done(true));
    // a full queue of waiting connections has a listener behind it
    probe.once('error', error => done('code' in error && error.code === 'EAGAIN'));
  });
}

function bind(server: Server, endpoint: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      server.off('listening', done);
      reject(error.code === 'EADDRINUSE' ? busy(endpoint) : refused(endpoint, error));
    };
    const done = (): void => {
      server.off('error', fail);
      server.on('error', () => undefined);
      resolve();
    };
    server.once('error', fail);
    server.once('listening', done);
    server.listen('path' in endpoint ? { path: endpoint.path } : { ...endpoint, exclusive: true });
  });
}

function busy(endpoint: Endpoint): DeckhandError {
  const message = `listen: something else listens on ${showEndpoint(endpoint)}.`;
  return new DeckhandError('tunnel.port-busy', message, {
    details: { field: 'listen', endpoint: showEndpoint(endpoint) },
  });
}
function refused(endpoint: Endpoint, error: NodeJS.ErrnoException): DeckhandError {
  const message = `listen: cannot listen on ${showEndpoint(endpoint)} (${error.code ?? error.message}).`;
  return new DeckhandError('tunnel.local-refused', message, {
    details: { field: 'listen', endpoint: showEndpoint(endpoint), systemCode: error.code },
    cause: error,
  });
}
