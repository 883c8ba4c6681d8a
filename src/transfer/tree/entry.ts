import type { ListedEntry } from '../../core/transfer-params.ts';
import type { RawPath } from '../../core/raw-path.ts';

export type EntryType = ListedEntry['type'];

/** One thing in a tree, on either side. */
export interface Entry {
  /** From the root of the tree; `` is the root itself. */
  readonly path: RawPath;
  readonly type: EntryType;
  /** Bytes; 0 for what has no contents. */
  readonly size: number;
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number;
  /** Nanoseconds since the epoch. */
  readonly mtime: bigint;
  readonly uid: number;
  readonly gid: number;
  readonly owner: string;
  readonly group: string;
  /** What a symbolic link says. */
  readonly link: RawPath | null;
  /** Same text = same file under several names; null = only one name. */
  readonly inode: string | null;
  /** Units of 512 bytes on disk. */
  readonly blocks: number;
}

/** A place that could not be looked into: what lies there is not known, so nothing there may count as missing. */
export interface Problem {
  readonly path: RawPath;
  readonly text: string;
}

/** Everything under a root. The root has the path ``; no such entry = there is nothing. Parents come before children. */
export interface Tree {
  readonly entries: ReadonlyMap<RawPath, Entry>;
  readonly problems: readonly Problem[];
  /** Folders that hold something which the rules leave out: they cannot be removed. */
  readonly holdsExcluded: ReadonlySet<RawPath>;
}

export const EMPTY_TREE: Tree = { entries: new Map(), problems: [], holdsExcluded: new Set() };

/** The folder of a path: `` for `a`. */
export function parentOf(path: RawPath): RawPath {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}
export function nameOf(path: RawPath): RawPath {
  return path.slice(path.lastIndexOf('/') + 1);
}
export function join(folder: RawPath, path: RawPath): RawPath {
  if (path === '') return folder;
  if (folder === '') return path;
  return folder.endsWith('/') ? `${folder}${path}` : `${folder}/${path}`;
}
/** The folders above a path, nearest first, up to and with the root; nothing for the root. */
export function* foldersAbove(path: RawPath): Generator<RawPath> {
  for (let at = path; at !== ''; ) {
    at = parentOf(at);
    yield at;
  }
}
export function isSparse(entry: Entry): boolean {
  return entry.type === 'file' && entry.size >= 65_536 && entry.blocks * 512 < entry.size * 0.9;
}
/** Every name that we give to what is not finished begins so; such names are in no listing. */
export const PART_PREFIX = '.deckhand-part-';
export function isPart(name: RawPath): boolean {
  return name.startsWith(PART_PREFIX);
}
