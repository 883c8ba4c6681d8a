import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { FileExecuteOptions, FileExecuteResult } from '../connection.ts';

/** Bytes kept of what a command prints, where that is not a file, and of its errors. */
const LIMIT = 64 * 1024;

/**
 * Runs a client and ends it when the pipe at 3 does: then the process that wanted it is gone, however it went. What
 * the client reads goes by 4: of itself a shell gives what it runs in the background nothing.
 */
const WATCHED = [
  'exec 4<&0 </dev/null',
  '"$@" <&4 3<&- 4<&- & client=$!',
  '{ read -r nothing; kill "$client"; } <&3 3<&- 4<&- >/dev/null 2>&1 & watch=$!',
  'exec 3<&- 4<&-; wait "$client"; code=$?; kill "$watch" 2>/dev/null; exit "$code"',
].join('\n');

/**
 * Runs a command over the control socket of a master, which gets the files themselves: their bytes do not come through
 * this process. Throws `command.cancelled`. Exit code 255 is the command's own or the client's.
 */
export async function executeOnFiles(
  socket: string,
  host: string,
  command: string,
  { signal, stdin, stdout }: FileExecuteOptions,
): Promise<FileExecuteResult> {
  const cancelled = (): DeckhandError =>
    new DeckhandError('command.cancelled', `The command on ${host} was cancelled.`);
  if (signal.aborted) throw cancelled();
  const child = spawn('sh', ['-c', WATCHED, 'sh', 'ssh', ...clientArguments(socket, command)], {
    // a group of its own: one signal reaches all of it, and none of a terminal does
    detached: true,
    stdio: [stdin ?? 'ignore', stdout ?? 'pipe', 'pipe', 'pipe'],
  });
  const said = collect(child.stdout);
  const errors = collect(child.stderr);
  const stop = (): void => endGroup(child);
  signal.addEventListener('abort', stop, { once: true });
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (signal.aborted) throw cancelled();
    return { exitCode, stdout: said(), stderr: errors() };
  } finally {
    signal.removeEventListener('abort', stop);
    child.stdio[3]?.destroy();
  }
}

/** Of a client that has nothing of its own but the socket: where that is gone, it fails and connects to nobody. */
function clientArguments(socket: string, command: string): string[] {
  const options = ['ControlMaster=no', 'ProxyCommand=false', 'BatchMode=yes', 'LogLevel=ERROR'];
  const words = ['-F', '/dev/null', '-S', socket.replaceAll('%', '%%'), '-T'];
  return [...words, ...options.flatMap(option => ['-o', option]), '--', 'host', command];
}

/** The first bytes; the rest is read and dropped. */
function collect(stream: Readable | null): () => Buffer {
  const pieces: Buffer[] = [];
  let length = 0;
  stream?.on('data', (piece: Buffer) => {
    if (length < LIMIT) pieces.push(piece.subarray(0, LIMIT - length));
    length += piece.length;
  });
  return () => Buffer.concat(pieces);
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGTERM');
  } catch {
    // it ended by itself
  }
}
