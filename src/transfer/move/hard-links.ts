import type { RawPath } from '../../core/raw-path.ts';
import type { Action } from '../decide/action.ts';
import type { Tree } from '../tree/entry.ts';

/** New names of files that are in the tree under another name already: path to the first of its names. */
export function hardLinksOf(
  source: Tree,
  made: readonly Action[],
  { preserve, followLinks }: { readonly preserve: boolean; readonly followLinks: boolean },
): ReadonlyMap<RawPath, RawPath> {
  const links = new Map<RawPath, RawPath>();
  if (!preserve || followLinks || !made.some(({ entry }) => entry.inode !== null)) return links;
  const firsts = new Map<string, RawPath>();
  for (const { path, inode } of source.entries.values())
    if (inode !== null && !firsts.has(inode)) firsts.set(inode, path);
  for (const { path, entry } of made) {
    const first = entry.inode === null ? undefined : firsts.get(entry.inode);
    if (first !== undefined && first !== path) links.set(path, first);
  }
  return links;
}
