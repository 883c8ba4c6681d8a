import type { RawPath } from '../core/raw-path.ts';
import type { Base } from './decide/base.ts';
import { sameTime } from './decide/equal.ts';
import type { BothTrees } from './both-trees.ts';
import { hashRemote } from './host/hash-remote.ts';
import type { Job } from './move/job.ts';
import { join } from './tree/entry.ts';
import { hashLocal } from './thread/hash-file.ts';

/** Files of one size on both sides whose contents are equal, by hash at both ends. */
export async function equalContents(
  job: Job,
  { local, remote }: BothTrees,
  isWanted: (path: RawPath) => boolean,
): Promise<ReadonlySet<RawPath>> {
  const paths: RawPath[] = [];
  for (const { path, type, size } of local.tree.entries.values()) {
    const other = remote.tree.entries.get(path);
    if (type === 'file' && other?.type === 'file' && other.size === size && isWanted(path)) paths.push(path);
  }
  const there = hashRemote(
    job.connection,
    job.capabilities.hash,
    paths.map(path => join(remote.place.base, path)),
    job.signal,
  );
  there.catch(() => undefined);
  const equal = new Set<RawPath>();
  const here = await Promise.all(paths.map(async path => await hashLocal(join(local.place.base, path))));
  const found = await there;
  for (const [index, path] of paths.entries()) {
    const hash = here[index];
    if (hash !== undefined && found.get(join(remote.place.base, path)) === hash) equal.add(path);
  }
  return equal;
}

/** In both directions: what differs in its time alone may be equal all the same, where nobody knows who changed it. */
export function isDoubtful({ local, remote }: BothTrees, base: Base | null): (path: RawPath) => boolean {
  return path => {
    const [one, other] = [local.tree.entries.get(path), remote.tree.entries.get(path)];
    return (
      one !== undefined &&
      other !== undefined &&
      !sameTime(one.mtime, other.mtime) &&
      base?.has(path) !== true
    );
  };
}
