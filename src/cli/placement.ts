import { posix } from 'node:path';
import { DeckhandError } from '../core/deckhand-error.ts';

/**
 * Where things go, as rsync has it: `dir` goes into the target under its own name, `dir/` gives its
 * contents; a file takes the name of the target, unless the target says that it is a folder. Pure.
 */

/** What one transfer of several does: its source and the name it gets. */
export interface Placement {
  readonly source: string;
  readonly target: string;
}

/** What a path says of itself. */
export interface LocalSource {
  /** As it was typed. */
  readonly path: string;
  readonly type: 'file' | 'directory';
}

/** `put`: every source with its name on the host. Throws `input.invalid`. */
export function placeUploads(sources: readonly LocalSource[], target: string): readonly Placement[] {
  const folder = saysFolder(target) || sources.length > 1;
  return distinct(
    sources.map(({ path, type }) => {
      if (type === 'directory') return { source: path, target: placeTree(path, target) };
      return { source: path, target: folder ? inside(target, path) : target };
    }),
  );
}

/**
 * `get`: every source with its name on this machine. `folder`: the target is one already, or must be one.
 * Throws `input.invalid`.
 */
export function placeDownloads(
  sources: readonly string[],
  target: string,
  { recursive, folder }: { readonly recursive: boolean; readonly folder: boolean },
): readonly Placement[] {
  const into = folder || saysFolder(target) || sources.length > 1;
  return distinct(
    sources.map(path => {
      if (recursive || saysContents(path))
        return { source: withoutSlash(path), target: placeTree(path, target) };
      return { source: path, target: into ? inside(target, path) : target };
    }),
  );
}

/** `cp`: the name the file or folder gets. */
export function placeCopy(source: string, target: string): string {
  if (saysContents(source)) return withoutSlash(target);
  return saysFolder(target) ? inside(target, source) : target;
}

/** A path without slashes at its end; `/` stays. */
export function withoutSlash(path: string): string {
  return path.replace(/(?<=.)\/+$/, '');
}

/** True for `dir/`, `.` and `..`: paths that have no name of their own to give. */
export function saysContents(path: string): boolean {
  return /(^|\/)\.{0,2}$/.test(path);
}

/** The same of a target: nothing but a folder is written so. */
const saysFolder = saysContents;

/** Not `join`: that would take `a/..` for nothing, which links make wrong. */
function inside(folder: string, path: string): string {
  const name = posix.basename(path);
  if (folder === '' || folder === '.') return name;
  return folder.endsWith('/') ? folder + name : `${folder}/${name}`;
}

function placeTree(path: string, target: string): string {
  return saysContents(path) ? withoutSlash(target) : inside(target, path);
}

function distinct(placements: readonly Placement[]): readonly Placement[] {
  const seen = new Map<string, string>();
  for (const { source, target } of placements) {
    const other = seen.get(target);
    if (other !== undefined)
      throw new DeckhandError('input.invalid', `'${other}' and '${source}' would both become '${target}'.`, {
        hint: 'Transfer them one after the other, each to a name of its own.',
      });
    seen.set(target, source);
  }
  return placements;
}
