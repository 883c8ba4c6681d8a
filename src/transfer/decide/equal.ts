import type { RawPath } from '../../core/raw-path.ts';
import type { Entry } from '../tree/entry.ts';

/** What counts as equal. */
export interface Equality {
  /** Modes and times are part of what must be equal. */
  readonly preserve: boolean;
  /** Owners too: only where the receiving side can set them. */
  readonly owners: boolean;
  /**
   * Files count as equal by their contents: the paths whose contents are known to be equal on both sides.
   * Undefined = by size and time.
   */
  readonly sameContents: ReadonlySet<RawPath> | undefined;
}

const SECOND = 1_000_000_000n;

/**
 * Times as far as both sides know them: a side without parts of a second (an old file system, an old tool)
 * is compared by whole seconds.
 */
export function sameTime(one: bigint, other: bigint): boolean {
  if (one === other) return true;
  if (one % SECOND !== 0n && other % SECOND !== 0n) return false;
  return floorSecond(one) === floorSecond(other);
}
function floorSecond(time: bigint): bigint {
  return time >= 0n ? time / SECOND : (time - SECOND + 1n) / SECOND;
}

/** Contents of two files, or what two links say. Folders are always equal here. */
export function sameContents(one: Entry, other: Entry, { sameContents }: Equality): boolean {
  if (one.type !== other.type) return false;
  if (one.type === 'symlink') return one.link === other.link;
  if (one.type !== 'file') return true;
  if (one.size !== other.size) return false;
  return sameContents === undefined ? sameTime(one.mtime, other.mtime) : sameContents.has(one.path);
}

/** Whether what is asked to be preserved is equal; the time of links is not compared, folders' is. */
export function sameAttributes(one: Entry, other: Entry, { preserve, owners }: Equality): boolean {
  if (owners && (one.uid !== other.uid || one.gid !== other.gid)) return false;
  if (!preserve || one.type === 'symlink') return true;
  return one.mode === other.mode && sameTime(one.mtime, other.mtime);
}
