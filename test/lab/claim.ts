/**
 * Hosts of the lab belong to one process at a time: another that wants the same number waits until it is let go.
 * A claim is an abstract unix socket, so the kernel takes it back from a process that died.
 */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

interface Claim {
  readonly server: Server;
  /** Those who wait for it. */
  readonly waiting: Set<Socket>;
}

const claims = new Map<string, Claim>();

/** Waits until nobody else has what has this name, and takes it; at once when it is this process's already. */
export async function claim(name: string): Promise<void> {
  while (!claims.has(name)) {
    const taken = await take(name);
    if (taken) claims.set(name, taken);
    else await released(name);
  }
}

export function letGo(name: string): void {
  const held = claims.get(name);
  claims.delete(name);
  held?.server.close();
  for (const socket of held?.waiting ?? []) socket.destroy();
}

/** Null when another process has it. */
async function take(name: string): Promise<Claim | null> {
  const waiting = new Set<Socket>();
  const server = createServer(socket => {
    waiting.add(socket.unref());
    socket.on('error', () => undefined).on('close', () => waiting.delete(socket));
  }).unref();
  try {
    server.listen(`\0${name}`);
    await once(server, 'listening');
    return { server, waiting };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return null;
    throw error;
  }
}

/** Until the connection ends, which the owner never does but by letting go, or by its own end. */
async function released(name: string): Promise<void> {
  const waiting = connect({ path: `\0${name}` });
  // resumed, as a socket that nobody reads does not notice its end
  waiting.resume();
  waiting.on('error', () => undefined);
  await new Promise<void>(resolve => void waiting.once('close', () => resolve()));
}
