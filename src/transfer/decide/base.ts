import type { RawPath } from '../../core/raw-path.ts';
import type { Entry, Tree } from '../tree/entry.ts';
import { type Equality, sameContents, sameTime } from './equal.ts';

/** What both sides looked like when they were last known to be equal: a text for each side and path. */
export type Base = ReadonlyMap<RawPath, { readonly local: string; readonly remote: string }>;

/** Changes whenever the thing itself was changed; the time of a folder changes with what is in it and does not count. */
export function signatureOf({ type, size, mtime, mode, link }: Entry): string {
  if (type === 'symlink') return `l ${link}`;
  if (type === 'file') return `f ${size} ${mtime} ${mode}`;
  return type === 'directory' ? `d ${mode}` : type;
}

/**
 * The base for the next time, from what is there after the work: what is seen to be equal now, and of the
 * rest what was known before, so that a change or a removal that did not travel is still one the next time.
 */
export function nextBase(after: { local: Tree; remote: Tree }, before: Base, equality: Equality): Base {
  const next = new Map<RawPath, { local: string; remote: string }>();
  for (const [path, known] of before)
    if (after.local.entries.has(path) || after.remote.entries.has(path)) next.set(path, known);
  for (const [path, local] of after.local.entries) {
    const remote = after.remote.entries.get(path);
    if (remote?.type === local.type && isEqual(local, remote, equality))
      next.set(path, { local: signatureOf(local), remote: signatureOf(remote) });
  }
  return next;
}

export function isEqual(local: Entry, remote: Entry, equality: Equality): boolean {
  const isSame = sameInEither(local, remote, equality);
  return isSame && (!equality.preserve || local.type === 'symlink' || local.mode === remote.mode);
}

/** By size and time, or by contents where those were compared. */
export function sameInEither(one: Entry, other: Entry, equality: Equality): boolean {
  if (sameContents(one, other, equality)) return true;
  return (
    equality.sameContents !== undefined &&
    one.type === 'file' &&
    other.type === 'file' &&
    one.size === other.size &&
    sameTime(one.mtime, other.mtime)
  );
}
