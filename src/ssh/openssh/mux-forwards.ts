import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Endpoint } from '../../core/endpoint.ts';
import type { HostListener } from '../connection.ts';
import { listenError } from '../forward-errors.ts';
import type { MuxControl } from './mux-control.ts';

/** Room for the socket's name in the 107 bytes of a socket's path. */
const LONGEST_FOLDER = 80;

/**
 * Lets the host listen through the master. A proxy cannot carry what the server opens by itself, so the
 * master leads each connection to a private socket of ours (folder 0700). Throws `tunnel.listen-refused`.
 */
export async function listenThroughMaster(
  control: MuxControl,
  host: string,
  endpoint: Endpoint,
  onConnection: (stream: Duplex) => void,
): Promise<HostListener> {
  const folder = await mkdtemp(join(tmpdir().length > LONGEST_FOLDER ? '/tmp' : tmpdir(), 'dh-'));
  const path = join(folder, 's');
  const server = createServer({ allowHalfOpen: true }, (socket: Socket) => {
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  const end = async (): Promise<void> => {
    server.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    const port = await control.listenOnHost(endpoint, path);
    const bound = 'path' in endpoint ? endpoint : { host: endpoint.host, port };
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => (closing ??= control.listenNoMore(endpoint, path).then(end));
    return { endpoint: bound, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await end();
    throw listenError(host, endpoint, error);
  }
}
