import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../../core/deckhand-error.ts';
import { type RawPath, showRaw } from '../../core/raw-path.ts';
import type { SshConnection } from '../../ssh/connection.ts';
import type { LentConnection } from '../../ssh/kept-connections.ts';
import { openSftp } from '../../ssh/sftp/open-sftp.ts';
import type { SftpClient } from '../../ssh/sftp/sftp-client.ts';
import type { Capabilities } from '../host/capabilities.ts';
import { hasPython } from '../host/python-program.ts';
import { isQuiet } from '../host/run-on-files.ts';
import { localError } from '../host/script-error.ts';
import { type Entry, isSparse, join, parentOf, PART_PREFIX } from '../tree/entry.ts';
import { RateLimit } from './rate-limit.ts';

/** Bytes from which a file travels by itself, in ranges that can be resumed; smaller ones go in one stream. */
export const BIG = 4 * 1024 * 1024;
/** Bytes from which a file is worth a connection of its own, which takes about a fifth of a second to open. */
const BULK = 64 * 1024 * 1024;

/** Where a tree is, and where what is not finished stands meanwhile. */
export interface Place {
  readonly root: RawPath;
  /** Nothing is at the root: the tree is built in `stage/tree` and takes its name at the end. */
  readonly isNew: boolean;
  /** On the same file system as the root. Its name is made from the task's id. */
  readonly stage: RawPath;
  /** What becomes the root, or the root itself. */
  readonly base: RawPath;
}

/** `id`: of the task. Both places where its parts may be are named by it. */
export function stagesOf(root: RawPath, id: string): { readonly beside: RawPath; readonly inside: RawPath } {
  const name = `${PART_PREFIX}${id.replaceAll(/[^A-Za-z0-9_-]/g, '-')}`;
  const parent = root.startsWith('/') ? parentOf(root) || '/' : parentOf(root) || '.';
  return { beside: join(parent, name), inside: join(root, name) };
}

export function placeOf(root: RawPath, id: string, there: Entry | undefined): Place {
  const { beside, inside } = stagesOf(root, id);
  const isNew = there === undefined;
  const stage = there?.type === 'directory' ? inside : beside;
  return { root, isNew, stage, base: isNew ? join(stage, 'tree') : root };
}

/** The name of a large file's part: the same in every claim. */
export function partName(path: RawPath): string {
  return `b-${createHash('sha256').update(path, 'latin1').digest('hex').slice(0, 32)}`;
}

export interface JobOptions {
  readonly connection: SshConnection;
  readonly bulkConnection?: ((signal: AbortSignal) => Promise<LentConnection | null>) | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly preserve: boolean;
  /** Large files that are there are changed where they are, by blocks, and not replaced. */
  readonly inplace: boolean;
  readonly followLinks: boolean;
  /** Bytes a second; 0 = no limit. */
  readonly rateLimit: number;
  /** Bytes of contents that have arrived, in all. */
  readonly onProgress: (bytes: number, path: RawPath) => void;
}

export const NO_COUNTS = { files: 0, bytes: 0, directories: 0, links: 0, deleted: 0, verified: 0 };

/** What everything that moves files in one task shares: the connection, counts and failures. */
export class Job implements AsyncDisposable {
  readonly options: JobOptions;
  readonly capabilities: Capabilities;
  readonly rate: RateLimit;
  readonly failures: { readonly path: RawPath; readonly error: DeckhandError }[] = [];
  readonly counts = { ...NO_COUNTS };
  /** The host can read and write bundles of small files (`bundle/format.ts`), as far as is known. */
  canBundle: boolean;
  readonly #resources = new AsyncDisposableStack();
  #sftp: Promise<SftpClient | null> | undefined;
  #bulk: Promise<SshConnection | null> | undefined;
  #bulkSftp: Promise<SftpClient | null> | undefined;
  #isQuiet: Promise<boolean> | undefined;
  #arrived = 0;

  constructor(options: JobOptions, capabilities: Capabilities) {
    this.options = options;
    this.capabilities = capabilities;
    this.canBundle = hasPython(capabilities);
    this.rate = new RateLimit(options.rateLimit, options.clock);
  }

  get connection(): SshConnection {
    return this.options.connection;
  }
  get signal(): AbortSignal {
    return this.options.signal;
  }
  get hostName(): string {
    return this.options.connection.host.name;
  }

  /** Null: the host has no SFTP server. */
  async sftp(): Promise<SftpClient | null> {
    this.#sftp ??= this.#open(this.connection);
    return await this.#sftp;
  }

  /** For a file of so many bytes: over the bulk connection where that pays and there is one. */
  async sftpFor(size: number): Promise<SftpClient | null> {
    const shared = await this.sftp();
    const bulk = shared === null ? null : await this.#bulkFor(size);
    if (bulk === null) return shared;
    this.#bulkSftp ??= this.#open(bulk);
    return (await this.#bulkSftp) ?? shared;
  }

  /**
   * The connection over which the system's client moves a whole file by itself (`runOnFiles`). Null: the file's bytes
   * have to come through here, to be held back or looked at, or it is too small, or there is none.
   */
  async connectionForWhole(entry: Entry): Promise<SshConnection | null> {
    if (this.options.rateLimit > 0 || isSparse(entry) || this.capabilities.hash === '') return null;
    const bulk = await this.#bulkFor(entry.size);
    if (bulk?.executeOnFiles === undefined) return null;
    this.#isQuiet ??= isQuiet(bulk, this.signal);
    return (await this.#isQuiet) ? bulk : null;
  }

  /** Nothing goes over the bulk connection any more, nor is written by it: the shared one serves from now on. */
  async closeBulk(): Promise<void> {
    const bulk = await this.#bulk;
    this.#bulk = Promise.resolve(null);
    await bulk?.close();
  }

  /** One for all files that are worth it. */
  async #bulkFor(size: number): Promise<SshConnection | null> {
    if (size < BULK || this.options.bulkConnection === undefined) return null;
    this.#bulk ??= this.options
      .bulkConnection(this.signal)
      .then(lent => lent && this.#resources.use(lent).connection);
    return await this.#bulk;
  }

  async #open(connection: SshConnection): Promise<SftpClient | null> {
    try {
      return this.#resources.use(await openSftp(connection, { signal: this.signal }));
    } catch (error) {
      const { code } = toDeckhandError(error);
      if (code === 'transfer.unsupported' || code === 'transfer.protocol') return null;
      throw error;
    }
  }

  /** Bytes that have arrived just now; fewer than none when a file begins anew. */
  arrived(bytes: number, path: RawPath): void {
    this.#arrived += bytes;
    this.options.onProgress(this.#arrived, path);
  }

  /** One file failed; the others go on. Errors that concern everything are thrown instead. */
  fail(path: RawPath, thrown: unknown): void {
    this.signal.throwIfAborted();
    const error = toDeckhandError(localError(thrown, showRaw(path)));
    if (concernsAll(error)) throw error;
    this.failures.push({ path, error });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([this.#sftp, this.#bulk, this.#bulkSftp]);
    await this.#resources.disposeAsync();
  }
}

function concernsAll({ code }: DeckhandError): boolean {
  const all = ['host.disk-full', 'transfer.local-disk-full', 'transfer.quota', 'transfer.read-only'];
  return (
    all.includes(code) ||
    code.startsWith('ssh.') ||
    code.startsWith('command.') ||
    code.startsWith('internal.')
  );
}
