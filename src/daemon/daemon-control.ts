import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, watch } from 'node:fs';
import { open } from 'node:fs/promises';
import { connectClient } from '../api/http/connect.ts';
import type { QueueHealth } from '../api/task-api.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { showBytes, tailOf } from '../core/untrusted.ts';
import { ownerOf } from '../store/sqlite/owner-lock.ts';
import { answers } from './answers.ts';
import { HEAP_FLAGS } from './heap-flags.ts';
import { isAlive } from './is-alive.ts';
import { makePrivateFolder, type Places, placesOf } from './places.ts';
import { until } from './until.ts';

/** Milliseconds until a daemon that was started must answer. */
const START_LIMIT = 60_000;
/** Milliseconds until a daemon that was asked to stop must be gone. */
const STOP_LIMIT = 10_000;
const LOG_TAIL = 2000;

/** The program that this process is: the command line starts itself as a daemon. */
const PROGRAM = process.argv[1] ?? '';

export interface DaemonState {
  readonly running: boolean;
  readonly pid: number | null;
  readonly version: string | null;
  readonly startedAt: string | null;
  readonly socket: string;
  readonly store: string;
  readonly logFile: string;
}

/** The daemon of this account's state folder, seen from outside. */
export const daemonControl = {
  async start(): Promise<{ readonly status: DaemonState; readonly already: boolean }> {
    const places = placesOf(process.env);
    const already = await answers(places.socket);
    if (!already) await startDaemon(places);
    return { status: await stateOf(places), already };
  },

  async stop(): Promise<{ readonly pid: number } | null> {
    const places = placesOf(process.env);
    const health = await healthOf(places);
    if (!health) return null;
    // it may have ended since it answered
    if (isAlive(health.pid)) process.kill(health.pid, 'SIGTERM');
    if (!(await until(() => !isAlive(health.pid), STOP_LIMIT))) {
      throw new DeckhandError(
        'daemon.start-failed',
        `The daemon ${health.pid} has not ended after 10 seconds.`,
        {
          details: { pid: health.pid },
          hint: `It may be waiting for the disk; end it with kill -9 ${health.pid}: nothing acknowledged is lost.`,
        },
      );
    }
    return { pid: health.pid };
  },

  async status(): Promise<DaemonState> {
    return await stateOf(placesOf(process.env));
  },

  async logs(options: {
    readonly lines: number;
    readonly follow: boolean;
    readonly signal: AbortSignal;
    readonly write: (text: string) => void;
  }): Promise<void> {
    const { logFile } = placesOf(process.env);
    if (!existsSync(logFile))
      throw new DeckhandError('local.file-missing', `There is no log yet: ${logFile}.`, {
        details: { logFile },
      });
    const text = readFileSync(logFile);
    const lines = showBytes(text).trimEnd().split('\n');
    options.write(`${lines.slice(-options.lines).join('\n')}\n`);
    if (options.follow) await followFile(logFile, text.length, options);
  },

  async run({
    signal,
    say,
  }: {
    readonly signal: AbortSignal;
    readonly say: (text: string) => void;
  }): Promise<void> {
    const { runDaemon } = await import('./daemon.ts');
    const log = (line: string): void => say(`${new Date().toISOString()} ${line}`);
    await runDaemon({ places: placesOf(process.env), signal, log });
  },
};

/** Starts a daemon that outlives us and waits until it answers. Throws `daemon.start-failed` with its last words. */
export async function startDaemon(places: Places): Promise<number> {
  makePrivateFolder(places.folder);
  const log = openSync(places.logFile, 'a', 0o600);
  const from = readFileSync(places.logFile).length;
  const child = spawn(process.execPath, [...HEAP_FLAGS, PROGRAM, 'daemon', 'run'], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  const ended = endOf(child);
  // another command may have started one at the same time: then ours ends, and that one answers once its store is open
  const isUp = async (): Promise<boolean> => await answers(places.socket);
  if (await until(isUp, START_LIMIT, ended.signal)) return child.pid ?? 0;
  const owner = ownerOf(places.folder);
  if (await until(isUp, owner?.serves && isAlive(owner.pid) ? START_LIMIT : 1000)) return child.pid ?? 0;
  const words = tailOf(showBytes(readFileSync(places.logFile).subarray(from)), LOG_TAIL).trim();
  throw new DeckhandError('daemon.start-failed', `The daemon did not start: ${words || 'it said nothing'}`, {
    details: { logFile: places.logFile },
    hint: `Its log is ${places.logFile}; --local works without it.`,
  });
}

function endOf(child: ChildProcess): AbortController {
  const ended = new AbortController();
  child.once('exit', () => ended.abort());
  child.once('error', () => ended.abort());
  return ended;
}

async function healthOf({ socket }: Places): Promise<QueueHealth | null> {
  if (!(await answers(socket))) return null;
  await using client = connectClient({ socketPath: socket });
  return await client.health();
}

async function stateOf(places: Places): Promise<DaemonState> {
  const health = await healthOf(places);
  return {
    running: health !== null,
    pid: health?.pid ?? null,
    version: health?.version ?? null,
    startedAt: health?.startedAt ?? null,
    socket: places.socket,
    store: health?.store ?? places.folder,
    logFile: places.logFile,
  };
}

/** What is added to a file, until the signal is aborted. */
async function followFile(
  file: string,
  from: number,
  { signal, write }: { readonly signal: AbortSignal; readonly write: (text: string) => void },
): Promise<void> {
  await using handle = await open(file);
  const buffer = Buffer.alloc(64 * 1024);
  let at = from;
  const changes = watch(file);
  const stop = (): void => changes.close();
  signal.addEventListener('abort', stop, { once: true });
  const closed = new Promise(resolve => changes.once('close', resolve));
  const read = async (): Promise<void> => {
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      write(showBytes(buffer.subarray(0, bytesRead)));
    }
  };
  changes.on('change', () => void read());
  if (!signal.aborted) await closed;
}
