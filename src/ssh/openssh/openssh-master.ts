import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FSWatcher, watch } from 'node:fs';
import { type FileHandle, mkdtemp, open, readdir, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { type LogFacts, readLog } from './openssh-log.ts';

/** Room for the socket's name, and for the longer one under which ssh first makes it. */
const LONGEST_FOLDER = 70;
/** Bytes of the log that are read again, and after which it is emptied. */
const LOG_LIMIT = 1024 * 1024;
/** Characters kept of what ProxyCommand and others write. */
const STDERR_LIMIT = 4096;
/** Milliseconds after which an empty folder of ours is nobody's: a process that was killed has left it. */
const FORGOTTEN = 3_600_000;
/** Milliseconds in which the last words of ssh and its children arrive. */
const LAST_WORDS = 500;

const PREFIX = 'dh-';

/** A private folder (0700) with everything one master needs: sockets, logs, scripts. */
export class MasterFolder implements AsyncDisposable {
  readonly path: string;
  readonly socket: string;

  private constructor(path: string) {
    this.path = path;
    this.socket = join(path, 's');
  }

  static async create(): Promise<MasterFolder> {
    return new MasterFolder(await mkdtemp(join(parentFolder(), PREFIX)));
  }

  /** Removes all but the socket. What is left is an empty folder, should this process be killed: its master takes that. */
  async keepSocket(): Promise<void> {
    const others = (await readdir(this.path)).filter(name => join(this.path, name) !== this.socket);
    await Promise.all(others.map(async name => await rm(join(this.path, name), { recursive: true })));
  }

  static #looked = false;

  /**
   * Removes the empty folders that processes before this one have left, the first time it is asked. Never throws.
   * `now`: milliseconds.
   */
  static async removeForgotten(now: number): Promise<void> {
    // hundreds of connections for files would each read a folder in which every program of the machine makes its own
    if (MasterFolder.#looked) return;
    MasterFolder.#looked = true;
    const parent = parentFolder();
    const names = await readdir(parent).catch(() => []);
    for (const name of names.filter(each => /^dh-\w{6}$/.test(each))) {
      const path = join(parent, name);
      const found = await stat(path).catch(() => undefined);
      if (found?.uid === process.getuid?.() && (found?.mtimeMs ?? now) < now - FORGOTTEN)
        await rmdir(path).catch(() => undefined);
    }
  }

  /** The log of the master itself (null), or of a hop on the way. */
  log(hop: number | null): string {
    return join(this.path, hop === null ? 'log' : `log-${hop}`);
  }

  async readLog(hop: number | null): Promise<LogFacts> {
    return readLog(await readTail(this.log(hop)));
  }
  /** Writes a script that becomes the given command; `command` are the words that run it. */
  async writeScript(name: string, environment: string, words: readonly string[]): Promise<string> {
    const path = join(this.path, name);
    await writeFile(path, `${environment} exec ${words.map(shellWord).join(' ')}\n`, { mode: 0o600 });
    // Not run as a program of its own: the folder may be mounted without that right.
    return `/bin/sh ${shellWord(path).replaceAll('%', '%%')}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

export interface MasterStart {
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Called as the log grows. */
  readonly onLog: () => void;
}

/** How `ssh` ended before it went to the background: ready, or not. */
export type MasterEnd = { readonly isReady: true } | { readonly isReady: false; readonly stderr: string };

/**
 * Runs `ssh` until it is authenticated and has gone to the background, where it lives as long as somebody
 * holds its socket. Throws the signal's reason, and `ssh.unsupported-configuration` where there is no client.
 */
export async function startMaster(folder: MasterFolder, start: MasterStart): Promise<MasterEnd> {
  const { signal } = start;
  signal.throwIfAborted();
  const child = spawn('ssh', start.words, {
    // A group of its own: no terminal to ask on, and one signal reaches the hops as well.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...start.environment },
  });
  let stderr = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', piece => {
    stderr = (stderr + String(piece)).slice(-STDERR_LIMIT);
  });
  using _watch = watchFolder(folder.path, start.onLog);
  const stop = (): void => killGroup(child);
  signal.addEventListener('abort', stop, { once: true });
  try {
    const code = await exitOf(child);
    signal.throwIfAborted();
    if (code === 0) return { isReady: true };
    // A ProxyCommand may hold its end for longer than anybody wants to wait.
    if (!child.stderr.closed)
      await once(child, 'close', { signal: AbortSignal.timeout(LAST_WORDS) }).catch(() => null);
    return { isReady: false, stderr };
  } finally {
    signal.removeEventListener('abort', stop);
    // A ProxyCommand holds its end for as long as it lives; it must not hold this process.
    (child.stderr as unknown as { unref?: () => void }).unref?.();
  }
}

/** The log of a master whose folder is gone: it grows with each session, and what was read is not needed again. */
export class MasterLog implements AsyncDisposable {
  readonly #file: FileHandle;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(folder: MasterFolder): Promise<MasterLog> {
    return new MasterLog(await open(folder.log(null), 'r+'));
  }

  async readTail(): Promise<string> {
    return await tailOfFile(this.#file).catch(() => '');
  }

  async trim(): Promise<void> {
    try {
      if ((await this.#file.stat()).size > LOG_LIMIT) await this.#file.truncate(0);
    } catch {
      // The connection ended meanwhile.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

function parentFolder(): string {
  return tmpdir().length > LONGEST_FOLDER ? '/tmp' : tmpdir();
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', error => {
      const isMissing = 'code' in error && error.code === 'ENOENT';
      const message = isMissing
        ? "This host needs the system's own ssh client, and `ssh` is not installed."
        : `The system's ssh client cannot be started: ${error.message}.`;
      reject(
        new DeckhandError('ssh.unsupported-configuration', message, {
          cause: error,
          hint: 'Install the OpenSSH client (Debian: openssh-client).',
        }),
      );
    });
    child.once('exit', code => resolve(code));
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // It ended by itself.
  }
}

function watchFolder(path: string, onChange: () => void): Disposable {
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(path, { persistent: false }, onChange);
    watcher.on('error', () => watcher?.close());
  } catch {
    // Without a watch (too many of them) the stages are told late, all else is the same.
  }
  return { [Symbol.dispose]: () => watcher?.close() };
}

async function readTail(path: string): Promise<string> {
  try {
    await using file = await open(path, 'r');
    return await tailOfFile(file);
  } catch {
    return '';
  }
}

async function tailOfFile(file: FileHandle): Promise<string> {
  const { size } = await file.stat();
  const length = Math.min(size, LOG_LIMIT);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
  return buffer.toString('utf8', 0, bytesRead);
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
