import { spawn } from 'node:child_process';
import { copyFile, rename, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { Endpoint } from '../../core/endpoint.ts';
import type { PutRequest, Site, SiteAnswer } from './site.ts';

const OUTPUT_LIMIT = 4 * 1024 * 1024;
const ERRORS_LIMIT = 64 * 1024;

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
      signal,
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (piece: Buffer) => (output = (output + piece.toString()).slice(0, OUTPUT_LIMIT)));
    child.stderr.on('data', (piece: Buffer) => (errors = (errors + piece.toString()).slice(-ERRORS_LIMIT)));
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin ?? '');
    child.on('error', error => reject(signal.aborted ? (signal.reason as Error) : error));
    // what a script leaves running must not be waited for
    child.on('exit', code => setImmediate(() => resolve({ exitCode: code ?? 1, output, errors })));
  });
}

async function putHere({ from, to, signal, onProgress }: PutRequest): Promise<number> {
  signal.throwIfAborted();
  const { size } = await stat(from);
  await copyFile(from, `${to}.part`).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOSPC'
      ? new DeckhandError('host.disk-full', `This machine has no room for ${size} bytes at ${to}.`, {
          cause: error,
        })
      : error;
  });
  await rename(`${to}.part`, to);
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
