import { execFile } from 'node:child_process';
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
import { decimalSeconds } from '../tar/header.ts';
import { type Entry, foldersAbove, join, parentOf } from '../tree/entry.ts';
import type { Place } from './job.ts';

const execute = promisify(execFile);

/** Makes the staging folder ours alone, empty but for parts of large files and for a tree that is being built. */
export function makeLocalStage({ stage, isNew }: Place): void {
  const parent = parentOf(stage) || '/';
  try {
    mkdirSync(rawToBytes(parent), { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new DeckhandError('transfer.not-a-directory', `${showRaw(parent)} on this machine is no folder.`);
  }
  // not recursive: that would hide why it cannot be made
  if (lstatSync(rawToBytes(stage), { throwIfNoEntry: false }) === undefined)
    mkdirSync(rawToBytes(stage), { mode: 0o700 });
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

/** Brings the file system of a folder to the disk, where there is a tool for that. */
export async function syncLocal(folder: RawPath): Promise<void> {
  await execute('sync', ['-f', Buffer.from(folder, 'latin1').toString('utf8')]).catch(() => undefined);
}
