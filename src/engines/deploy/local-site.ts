import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { Endpoint } from '../../core/endpoint.ts';
import type { PutRequest, Site, SiteAnswer } from './site.ts';

const OUTPUT_LIMIT = 4 * 1024 * 1024;
const ERRORS_LIMIT = 64 * 1024;
/** Bytes of a file that are copied at once. */
const PIECE = 1024 * 1024;

/** This machine, in the words of a target: the same scripts, no SSH. `environment`: of the scripts. */
export function localSite(environment: NodeJS.ProcessEnv): Site {
  return {
    name: 'local',
    run: async (script, options) => await runHere(script, environment, options),
    put: putHere,
    dial: dialHere,
  };
}

async function runHere(
  script: string,
  environment: NodeJS.ProcessEnv,
  { signal, stdin }: { readonly signal: AbortSignal; readonly stdin?: string },
): Promise<SiteAnswer> {
  signal.throwIfAborted();
  return await new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', script], {
      env: { ...environment, LC_ALL: 'C' },
      cwd: '/',
      stdio: ['pipe', 'pipe', 'pipe'],
      // a group of its own: what a script started ends with it when it is cut off
      detached: true,
    });
    const end = (): void => {
      killGroup(child.pid);
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', end, { once: true });
    let output = '';
    let errors = '';
    // decoded as streams: a character may come in two pieces
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      output = (output + piece).slice(0, OUTPUT_LIMIT);
    });
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      errors = (errors + piece).slice(-ERRORS_LIMIT);
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin ?? '');
    child.on('error', error => {
      signal.removeEventListener('abort', end);
      reject(error);
    });
    // what a script leaves running must not be waited for
    child.on('exit', code => {
      signal.removeEventListener('abort', end);
      setImmediate(() => resolve({ exitCode: code ?? 1, output, errors }));
    });
  });
}

function killGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // all of it has ended by itself
  }
}

async function putHere({ from, to, signal, onProgress }: PutRequest): Promise<number> {
  signal.throwIfAborted();
  const { size, mode } = await stat(from);
  const part = `${to}.part`;
  const target = createWriteStream(part, { mode: mode & 0o777, highWaterMark: PIECE });
  await pipeline(createReadStream(from, { highWaterMark: PIECE }), target, { signal }).catch(
    async (error: NodeJS.ErrnoException) => {
      await rm(part, { force: true });
      signal.throwIfAborted();
      throw error.code === 'ENOSPC'
        ? new DeckhandError('host.disk-full', `This machine has no room for ${size} bytes at ${to}.`, {
            cause: error,
          })
        : error;
    },
  );
  await rename(part, to);
  onProgress(size);
  return size;
}

async function dialHere(endpoint: Endpoint, signal: AbortSignal): Promise<Duplex> {
  signal.throwIfAborted();
  return await new Promise((resolve, reject) => {
    const socket = 'path' in endpoint ? connect(endpoint.path) : connect(endpoint.port, endpoint.host);
    const stop = (): void => void socket.destroy(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    socket.once('connect', () => {
      signal.removeEventListener('abort', stop);
      resolve(socket.setNoDelay(true));
    });
    socket.once('error', error => {
      signal.removeEventListener('abort', stop);
      const code = 'tunnel.target-refused';
      reject(
        signal.aborted ? (signal.reason as Error) : new DeckhandError(code, error.message, { cause: error }),
      );
    });
  });
}
