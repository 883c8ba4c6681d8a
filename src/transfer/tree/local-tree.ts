import { type BigIntStats, constants, lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type RawPath, rawFromBytes, rawToBytes } from '../../core/raw-path.ts';
import { type Entry, type EntryType, isPart, join, nameOf, type Tree } from './entry.ts';
import type { LocalFingerprint } from './local-fingerprint.ts';
import { TreeBuilder, type TreeRules } from './tree-builder.ts';

/** Milliseconds of work before others get their turn. */
const TURN = 8;

export interface LocalListing {
  readonly rules: Omit<TreeRules, 'place'>;
  readonly links: 'keep' | 'follow' | 'skip';
  readonly signal: AbortSignal;
  /** Gets everything that is looked at; not where links are followed. */
  readonly fingerprint?: LocalFingerprint;
  /** Gets what will be in the tree, parents first, as it is found. */
  readonly onEntry?: (entry: Entry) => void;
}

/**
 * Lists a tree on this machine. A root that is a symbolic link counts as what it points to.
 * Calls of the system are made in turn, not through the thread pool, which costs ten times as much; other
 * work gets its turn every few milliseconds.
 */
export async function listLocal(root: RawPath, listing: LocalListing): Promise<Tree> {
  const builder = new TreeBuilder({ ...listing.rules, place: 'this machine' });
  const start = statOrNull(root, true);
  if (start === null) return builder.tree();
  const first = entryOf('', root, start);
  builder.add(first);
  listing.onEntry?.(first);
  listing.fingerprint?.add('', start, null);
  if (first.type === 'directory')
    await new LocalWalk(root, listing, {
      look: (path, full, stats, isLoop) => {
        const entry = entryOf(path, full, stats);
        // a link that was followed into a folder it lies in would never end
        const found: Entry = isLoop ? { ...entry, type: 'unknown' } : entry;
        builder.add(found);
        const isIn = builder.has(path);
        if (isIn) {
          listing.onEntry?.(found);
          listing.fingerprint?.add(path, stats, entry.link);
        } else listing.fingerprint?.addExcluded(path);
        return isIn;
      },
      problem: (path, text) => {
        builder.problem({ path, text });
        listing.fingerprint?.problem();
      },
    }).walk(identity(start));
  return builder.tree();
}

/** Looks at all that `listLocal` would list, for the fingerprint alone. */
export async function fingerprintLocal(
  root: RawPath,
  listing: LocalListing & { readonly fingerprint: LocalFingerprint },
): Promise<void> {
  const { fingerprint, rules } = listing;
  const start = statOrNull(root, true);
  if (start?.isDirectory() !== true) return fingerprint.problem();
  fingerprint.add('', start, null);
  await new LocalWalk(root, listing, {
    look: (path, full, stats) => {
      const isFolder = stats.isDirectory();
      const isIn = !isPart(nameOf(path)) && !rules.excluded(path, isFolder);
      if (isIn) fingerprint.add(path, stats, stats.isSymbolicLink() ? linkOf(full) : null);
      else fingerprint.addExcluded(path);
      return isIn;
    },
    problem: () => fingerprint.problem(),
  }).walk(identity(start));
}

interface Folder {
  readonly path: RawPath;
  /** Identities of the folder and of those above it; only kept where links are followed. */
  readonly above: readonly string[];
}

interface Visitor {
  /** True: it is in the tree. */
  readonly look: (path: RawPath, full: RawPath, stats: BigIntStats, isLoop: boolean) => boolean;
  readonly problem: (path: RawPath, text: string) => void;
}

class LocalWalk {
  readonly #root: RawPath;
  readonly #listing: LocalListing;
  readonly #visitor: Visitor;
  #turnEnds = 0;

  constructor(root: RawPath, listing: LocalListing, visitor: Visitor) {
    this.#root = root;
    this.#listing = listing;
    this.#visitor = visitor;
  }

  async walk(start: string): Promise<void> {
    const folders: Folder[] = [{ path: '', above: [start] }];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop())
      for (const name of this.#namesIn(folder.path)) {
        await this.#breathe();
        const inside = this.#look(join(folder.path, name), folder.above);
        if (inside) folders.push(inside);
      }
  }

  async #breathe(): Promise<void> {
    const now = performance.now();
    if (now < this.#turnEnds) return;
    this.#listing.signal.throwIfAborted();
    await nextTurn();
    this.#turnEnds = performance.now() + TURN;
  }

  #namesIn(folder: RawPath): RawPath[] {
    try {
      return readdirSync(rawToBytes(join(this.#root, folder)), { encoding: 'latin1' }).sort();
    } catch (error) {
      if (!isMissing(error)) this.#visitor.problem(folder, (error as Error).message);
      return [];
    }
  }

  #look(path: RawPath, above: readonly string[]): Folder | undefined {
    const { links } = this.#listing;
    const full = join(this.#root, path);
    const stats = statOrNull(full, links === 'follow');
    // what vanished meanwhile is not there
    if (stats === null) return undefined;
    const isFolder = stats.isDirectory();
    const key = links === 'follow' && isFolder ? identity(stats) : '';
    const isLoop = key !== '' && above.includes(key);
    const isIn = this.#visitor.look(path, full, stats, isLoop);
    if (isLoop || !isFolder || !isIn) return undefined;
    return { path, above: key === '' ? above : [...above, key] };
  }
}

/** Null: there is nothing. A broken link that should be followed is given as the link it is. */
export function statOrNull(path: RawPath, follow: boolean): BigIntStats | null {
  // as text where that is the same: memory outside the heap for each path is what costs most in a listing
  const bytes = isPlain(path) ? path : rawToBytes(path);
  try {
    const stats = follow
      ? statSync(bytes, { bigint: true, throwIfNoEntry: false })
      : lstatSync(bytes, { bigint: true, throwIfNoEntry: false });
    if (stats !== undefined) return stats;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return follow ? statOrNull(path, false) : null;
}

function isPlain(path: RawPath): boolean {
  for (let at = 0; at < path.length; at += 1) if (path.charCodeAt(at) > 127) return false;
  return true;
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP';
}

/** As it is now; null: there is nothing. Links are not followed. */
export function localEntry(path: RawPath, full: RawPath, follow = false): Entry | null {
  const stats = statOrNull(full, follow);
  return stats === null ? null : entryOf(path, full, stats);
}

function entryOf(path: RawPath, full: RawPath, stats: BigIntStats): Entry {
  const type = typeOfMode(Number(stats.mode));
  return {
    path,
    type,
    size: type === 'file' ? Number(stats.size) : 0,
    mode: Number(stats.mode) & 0o7777,
    mtime: stats.mtimeNs,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    owner: String(stats.uid),
    group: String(stats.gid),
    link: type === 'symlink' ? linkOf(full) : null,
    inode: type === 'file' && stats.nlink > 1n ? identity(stats) : null,
    blocks: Number(stats.blocks),
  };
}

function linkOf(full: RawPath): RawPath {
  return rawFromBytes(readlinkSync(rawToBytes(full), { encoding: 'buffer' }));
}

function identity(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}`;
}

const TYPES: Readonly<Record<number, EntryType>> = {
  [constants.S_IFREG]: 'file',
  [constants.S_IFDIR]: 'directory',
  [constants.S_IFLNK]: 'symlink',
  [constants.S_IFIFO]: 'fifo',
  [constants.S_IFSOCK]: 'socket',
  [constants.S_IFCHR]: 'device',
  [constants.S_IFBLK]: 'device',
};
export function typeOfMode(mode: number): EntryType {
  return TYPES[mode & constants.S_IFMT] ?? 'unknown';
}

/** Opens a file for reading, never through a symbolic link that took its place. */
export async function openToRead(path: RawPath, follow: boolean): Promise<FileHandle> {
  const flags = constants.O_RDONLY | (follow ? 0 : (constants.O_NOFOLLOW ?? 0)) | (constants.O_NONBLOCK ?? 0);
  return await open(rawToBytes(path), flags);
}
