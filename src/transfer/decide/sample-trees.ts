import { type Entry, parentOf, type Tree } from '../tree/entry.ts';
import type { Action, Side } from './action.ts';

/** Trees for tests: from short descriptions, by chance, and what becomes of them by a list of actions. */
export function entry(path: string, fields: Partial<Entry> = {}): Entry {
  const type = fields.type ?? 'file';
  return {
    path,
    type,
    size: type === 'file' ? 1 : 0,
    mode: type === 'directory' ? 0o755 : 0o644,
    mtime: 1_000_000_000n,
    uid: 0,
    gid: 0,
    owner: 'root',
    group: 'root',
    link: type === 'symlink' ? 'to' : null,
    inode: null,
    blocks: 8,
    ...fields,
  };
}

export function folder(path: string, fields: Partial<Entry> = {}): Entry {
  return entry(path, { type: 'directory', ...fields });
}

/** Adds the root and the folders that are missing above. */
export function tree(...given: readonly Entry[]): Tree {
  const entries = new Map<string, Entry>();
  const add = (one: Entry): void => {
    if (one.path !== '' && !entries.has(parentOf(one.path))) add(folder(parentOf(one.path)));
    entries.set(one.path, one);
  };
  for (const one of given) add(one);
  return { entries, problems: [], holdsExcluded: new Set() };
}

/** Path, type and version of each thing; what does not fit is left out. Version 0 is what both sides had. */
export type Described = readonly (readonly [path: string, type: string, version: number])[];

export function treeOf(found: Described): Tree {
  const entries = new Map<string, Entry>([['', folder('')]]);
  for (const [path, type, version] of found) {
    const above = path.split('/').slice(0, -1);
    let at = '';
    let fits = !entries.has(path);
    for (const part of above) {
      at = at === '' ? part : `${at}/${part}`;
      const there = entries.get(at);
      if (there === undefined) entries.set(at, folder(at));
      else if (there.type !== 'directory') fits = false;
      if (!fits) break;
    }
    if (fits)
      entries.set(
        path,
        entry(path, {
          type: type as Entry['type'],
          ...(type === 'file' ? { size: version, mtime: BigInt(version) * 5_000_000_000n } : {}),
          ...(type === 'symlink' ? { link: `to ${version}` } : {}),
        }),
      );
  }
  return { entries, problems: [], holdsExcluded: new Set<string>() };
}

/** What the actions of one side make of its tree. Throws where one of them could not be carried out. */
export function applied(before: Tree, actions: readonly Action[], side: Side): Tree {
  const entries = new Map(before.entries);
  for (const { action, side: where, path, entry: wanted } of actions) {
    if (where !== side) continue;
    if (action === 'create' || action === 'update') {
      if (path !== '' && entries.get(parentOf(path))?.type !== 'directory')
        throw new Error(`${path}: no folder to put it in`);
      if (entries.get(path)?.type === 'directory')
        for (const below of entries.keys()) if (below.startsWith(`${path}/`)) entries.delete(below);
      entries.set(path, wanted);
    }
    if (action === 'attributes') entries.set(path, wanted);
    if (action === 'delete') {
      if ([...entries.keys()].some(below => below.startsWith(`${path}/`)))
        throw new Error(`${path}: not empty`);
      entries.delete(path);
    }
  }
  return { ...before, entries };
}

/** For comparing: path and what it is, in order. */
export function contents(one: Tree): string[] {
  return [...one.entries.values()]
    .map(({ path, type, size, mtime, mode, link }) =>
      type === 'file' ? `${path} ${type} ${size} ${mtime} ${mode}` : `${path} ${type} ${mode} ${link}`,
    )
    .sort();
}
