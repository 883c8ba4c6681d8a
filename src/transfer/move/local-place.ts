import { execFile, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  rmSync,
  utimesSync,
} from 'node:fs';
import { promisify } from 'node:util';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { type RawPath, rawFromBytes, rawToBytes, showRaw } from '../../core/raw-path.ts';
import { scriptError } from '../host/script-error.ts';
import { decimalSeconds } from '../tar/header.ts';
import { type Entry, foldersAbove, join, parentOf } from '../tree/entry.ts';
import type { Place } from './job.ts';

const execute = promisify(execFile);
/** Bytes of one write to a tar here. */
const PIECE = 256 * 1024;

/** Makes the staging folder ours alone, empty but for parts of large files and for a tree that is being built. */
export function makeLocalStage({ stage, isNew }: Place): void {
  mkdirSync(rawToBytes(parentOf(stage) || '/'), { recursive: true });
  mkdirSync(rawToBytes(stage), { recursive: true, mode: 0o700 });
  const found = lstatSync(rawToBytes(stage));
  if (!found.isDirectory() || (process.getuid !== undefined && found.uid !== process.getuid()))
    throw new DeckhandError('transfer.exists', `${showRaw(stage)} is there and is not ours.`);
  for (const name of readdirSync(rawToBytes(stage), { encoding: 'buffer' })) {
    const raw = rawFromBytes(name);
    if (raw.startsWith('b-') || (isNew && raw === 'tree')) continue;
    rmSync(rawToBytes(join(stage, raw)), { recursive: true, force: true });
  }
}

/** Says for a path of the tree whether all folders above it are folders, and no links that lead elsewhere. */
export class SafeFolders {
  readonly #base: RawPath;
  readonly #known = new Set<RawPath>();

  constructor(base: RawPath) {
    this.#base = base;
  }

  /** Throws `transfer.outside`. */
  check(path: RawPath): void {
    const folder = parentOf(path);
    if (path === '' || this.#known.has(folder)) return;
    const above = [...foldersAbove(path)].toReversed();
    for (const each of above) {
      if (this.#known.has(each)) continue;
      const found = lstatSync(rawToBytes(join(this.#base, each)), { throwIfNoEntry: false });
      if (each !== '' && found?.isDirectory() !== true)
        throw new DeckhandError(
          'transfer.outside',
          `${showRaw(each)} is not a folder of the target any more.`,
        );
      this.#known.add(each);
    }
  }

  forget(): void {
    this.#known.clear();
  }
}

/** Mode and owner, and the time as exactly as this runtime can; see `setLocalTimes`. */
export function setLocalAttributes(
  full: RawPath,
  { type, mode, uid, gid, mtime }: Entry,
  owners: boolean,
): void {
  const path = rawToBytes(full);
  const seconds = Number(mtime) / 1e9;
  if (type === 'symlink') {
    if (owners) lchownSync(path, uid, gid);
    lutimesSync(path, seconds, seconds);
    return;
  }
  if (owners) chownSync(path, uid, gid);
  chmodSync(path, mode);
  utimesSync(path, seconds, seconds);
}

/** Nanoseconds, which only `touch` can set; where it cannot, the microseconds set before stay. */
export async function setLocalTime(full: RawPath, mtime: bigint): Promise<void> {
  if (mtime % 1000n === 0n && mtime % 1_000_000_000n === 0n) return;
  // the path goes as bytes, which arguments of this runtime cannot hold unless they are UTF-8
  const text = rawToBytes(full).toString('utf8');
  if (Buffer.from(text, 'utf8').compare(rawToBytes(full)) !== 0) {
    const quoted = `'${[...rawToBytes(full)].map(byte => `\\0${byte.toString(8).padStart(3, '0')}`).join('')}'`;
    await execute('sh', [
      '-c',
      `touch -d "@$1" -- "$(printf '%b' ${quoted})"`,
      'sh',
      decimalSeconds(mtime),
    ]).catch(() => undefined);
    return;
  }
  await execute('touch', ['-d', `@${decimalSeconds(mtime)}`, '--', text]).catch(() => undefined);
}

/** A tar of this machine that unpacks what we write, in a folder: it sets nanoseconds, and works beside us. */
export class LocalTar {
  readonly #child;
  readonly #ended: Promise<number | null>;
  #piece = Buffer.allocUnsafeSlow(PIECE);
  #length = 0;
  #errors = '';
  #failed: Error | undefined;

  constructor(
    folder: RawPath,
    { owners, preserve }: { readonly owners: boolean; readonly preserve: boolean },
  ) {
    const words = [
      '-x',
      '-p',
      '-f',
      '-',
      ...(owners ? ['--numeric-owner'] : ['-o']),
      ...(preserve ? [] : ['-m']),
    ];
    this.#child = spawn('tar', words, {
      // as bytes: the folder of the process is set by a path that may be no UTF-8
      cwd: Buffer.from(folder, 'latin1').toString('utf8'),
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' },
    });
    this.#child.stdin.on('error', (error: Error) => {
      this.#failed ??= error;
    });
    this.#child.stderr.on('data', (bytes: Buffer) => {
      if (this.#errors.length < 65_536) this.#errors += bytes.toString('latin1');
    });
    this.#ended = new Promise(resolve => {
      this.#child.once('error', error => {
        this.#failed = error;
        resolve(null);
      });
      this.#child.once('close', code => resolve(code));
    });
  }

  /** Waits while it has more than it can take. Small writes go together: each one is a call of the system. */
  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length + this.#length <= PIECE) {
      this.#piece.set(bytes, this.#length);
      this.#length += bytes.length;
      return;
    }
    await this.#flush();
    if (bytes.length <= PIECE / 4) await this.write(bytes);
    else await this.#send(Buffer.from(bytes));
  }

  async #flush(): Promise<void> {
    if (this.#length === 0) return;
    const piece = this.#piece.subarray(0, this.#length);
    this.#piece = Buffer.allocUnsafeSlow(PIECE);
    this.#length = 0;
    await this.#send(piece);
  }

  async #send(bytes: Uint8Array): Promise<void> {
    if (this.#failed !== undefined) await this.end();
    if (this.#child.stdin.write(bytes)) return;
    await Promise.race([new Promise(resolve => this.#child.stdin.once('drain', resolve)), this.#ended]);
  }

  /** Throws what it says when it could not unpack all. */
  async end(): Promise<void> {
    if (this.#failed === undefined) await this.#flush();
    this.#child.stdin.end();
    const code = await this.#ended;
    if (code === 0) return;
    const error = scriptError(
      'this machine',
      'unpacking',
      this.#errors || (this.#failed?.message ?? ''),
      code ?? -1,
    );
    throw error.code === 'host.disk-full'
      ? new DeckhandError('transfer.local-disk-full', error.message)
      : error;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** Brings the file system of a folder to the disk, where there is a tool for that. */
export async function syncLocal(folder: RawPath): Promise<void> {
  await execute('sync', ['-f', Buffer.from(folder, 'latin1').toString('utf8')]).catch(() => undefined);
}
