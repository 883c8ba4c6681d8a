import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { HEAP_FLAGS } from '../src/daemon/heap-flags.ts';
import type { LabHost } from '../test/lab/lab.ts';
import type { LabLink } from './lab-link.ts';
import { alsoWhenCut } from './on-cut.ts';

const SOURCE_PORT = 9000;
/** Sends as many bytes as the first line says, then ends. */
const SOURCE = `import socketserver
block = bytes(65536)
class Source(socketserver.StreamRequestHandler):
    def handle(self):
        left = int(self.rfile.readline())
        while left > 0:
            count = min(left, len(block))
            self.wfile.write(block[:count])
            left -= count
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 1024
Server(('127.0.0.1', ${SOURCE_PORT}), Source).serve_forever()
`;

/** A way to the source on the host, through somebody's tunnel. */
export interface Way extends AsyncDisposable {
  readonly port: number;
  /** Milliseconds since the epoch of each change of the link; only ours tells. */
  readonly changes: { readonly state: string; readonly time: number }[];
}

export async function startSource(host: LabHost): Promise<void> {
  await host.run('cat > /opt/source.py', { input: SOURCE });
  await host.run('systemd-run -q --unit source python3 /opt/source.py');
}

/** Our tunnel, in a process of its own. */
export async function ourWay(lab: LabLink, name: string): Promise<Way> {
  const words = [lab.configFile, name, String(SOURCE_PORT)];
  const child = fork(join(import.meta.dirname, 'tunnel-process.ts'), words, {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    // as an executor of the daemon has it
    execArgv: [...HEAP_FLAGS],
  });
  const close = alsoWhenCut(async () => await end(child));
  const changes: Way['changes'] = [];
  const ready = Promise.withResolvers<number>();
  child.once('exit', code => ready.reject(new Error(`our tunnel ended with ${code}`)));
  if (child.stdout)
    createInterface({ input: child.stdout }).on('line', line => {
      const [word = '', number = ''] = line.split(' ');
      if (word === 'port') ready.resolve(Number(number));
      else changes.push({ state: word, time: Number(number) });
    });
  return { port: await ready.promise, changes, [Symbol.asyncDispose]: close };
}

/** `ssh -L` or `autossh` with these options. */
export async function peerWay(
  lab: LabLink,
  name: string,
  program: 'ssh' | 'autossh',
  ...options: readonly string[]
): Promise<Way> {
  const port = await freePort();
  const forward = [
    '-N',
    '-L',
    `127.0.0.1:${port}:127.0.0.1:${SOURCE_PORT}`,
    '-o',
    'ExitOnForwardFailure=yes',
  ];
  const words = [...(program === 'autossh' ? ['-M', '0'] : []), ...forward, ...options];
  const child = spawn(program, [...words, ...lab.sshWords(name)], {
    stdio: 'ignore',
    env: { ...process.env, AUTOSSH_GATETIME: '0' },
  });
  const close = alsoWhenCut(async () => await end(child));
  while (!(await fetched(port, 1, 2_000))) await pause(50);
  return { port, changes: [], [Symbol.asyncDispose]: close };
}

/** True: all the bytes arrived, in time (milliseconds). */
export async function fetched(port: number, bytes: number, limit = 60_000): Promise<boolean> {
  const client = connect({ port, host: '127.0.0.1', noDelay: true });
  const timer = setTimeout(() => client.destroy(), limit);
  try {
    let received = 0;
    client.write(`${bytes}\n`);
    for await (const piece of client) received += (piece as Buffer).length;
    return received === bytes;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
    client.destroy();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return address !== null && typeof address === 'object' ? address.port : 0;
}
