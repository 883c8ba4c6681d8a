import type { RawPath } from '../../core/raw-path.ts';
import { type Entry, foldersAbove, parentOf, type Tree } from '../tree/entry.ts';
import { type Action, type Side } from './action.ts';
import { caseClashes } from './case-clashes.ts';
import { type Equality, sameAttributes, sameContents } from './equal.ts';

export interface OneWay {
  readonly source: Tree;
  readonly target: Tree;
  /** The side that gets something. */
  readonly side: Side;
  readonly equality: Equality;
  readonly links: 'keep' | 'follow' | 'skip';
  readonly deleteExtra: boolean;
  /** The receiving file system takes `A` and `a` for one name. */
  readonly foldsCase: boolean;
}

export interface Decision {
  /** In the order of the source, then deletions from the deepest up. */
  readonly actions: readonly Action[];
  /** Files, folders and links that are as they should be. */
  readonly unchanged: number;
  /** Bytes of all files of the source. */
  readonly totalBytes: number;
}

/** What makes the target equal to the source. Never deletes unless asked; what cannot be done is said. */
export function decideOneWay(one: OneWay): Decision {
  return new OneWayDecision(one).decide();
}

class OneWayDecision {
  readonly #one: OneWay;
  readonly #actions: Action[] = [];
  /** Paths of the source that stay behind, with all that lies under them. */
  readonly #left = new Set<RawPath>();
  /** Things of the target that are gone because something of another type takes their place. */
  readonly #replaced = new Set<RawPath>();
  readonly #byCase: ReturnType<typeof caseClashes>;
  #unchanged = 0;
  #totalBytes = 0;

  constructor(one: OneWay) {
    this.#one = one;
    const trees = { local: one.source, remote: one.target };
    this.#byCase = caseClashes(trees, { local: false, remote: one.foldsCase });
  }

  decide(): Decision {
    const { source, deleteExtra } = this.#one;
    for (const entry of source.entries.values()) this.#place(entry);
    if (deleteExtra) this.#deleteExtras();
    return { actions: this.#actions, unchanged: this.#unchanged, totalBytes: this.#totalBytes };
  }

  #place(entry: Entry): void {
    const { path } = entry;
    if (entry.type === 'file') this.#totalBytes += entry.size;
    if (path !== '' && this.#left.has(parentOf(path))) {
      this.#left.add(path);
      return;
    }
    const refused = this.#refusal(entry);
    if (refused !== undefined) {
      this.#leave('skip', entry, refused);
      return;
    }
    if (this.#byCase.stay.has(path)) {
      const other = 'its name differs only in case from another, and the target takes both for one';
      this.#leave('conflict', entry, other);
      return;
    }
    this.#compare(entry, this.#existing(path));
  }

  /** What is at the target under this path, unless it goes with something that is replaced. */
  #existing(path: RawPath): Entry | null {
    const { target } = this.#one;
    if (this.#replaced.size > 0)
      for (const folder of foldersAbove(path)) if (this.#replaced.has(folder)) return null;
    return target.entries.get(path) ?? null;
  }

  #compare(entry: Entry, existing: Entry | null): void {
    const { equality, side } = this.#one;
    const { path } = entry;
    if (existing === null) {
      this.#actions.push({ action: 'create', side, path, entry, existing });
      return;
    }
    if (existing.type !== entry.type) {
      this.#replace(entry, existing);
      return;
    }
    if (!sameContents(entry, existing, equality))
      this.#actions.push({ action: 'update', side, path, entry, existing });
    else if (!sameAttributes(entry, existing, equality))
      this.#actions.push({ action: 'attributes', side, path, entry, existing });
    else this.#unchanged += 1;
  }

  /** A folder is only replaced, and only becomes a file, where deletions are asked for: more may be lost than a version. */
  #replace(entry: Entry, existing: Entry): void {
    const { deleteExtra, side, target } = this.#one;
    const { path } = entry;
    const isFolder = existing.type === 'directory';
    if (isFolder && target.holdsExcluded.has(path)) {
      this.#leave('conflict', entry, 'the folder in its place holds what the rules leave out');
      return;
    }
    if (!deleteExtra && (isFolder || entry.type === 'directory')) {
      const reason = `a ${existing.type} is in the place of a ${entry.type}; it is only replaced where deletions are asked for`;
      this.#leave('conflict', entry, reason);
      return;
    }
    this.#replaced.add(path);
    this.#actions.push({ action: 'update', side, path, entry, existing });
  }

  #deleteExtras(): void {
    const { source, target, side } = this.#one;
    if (source.problems.length > 0) return;
    const gone: Action[] = [];
    for (const entry of target.entries.values()) {
      const { path } = entry;
      if (path === '' || source.entries.has(path)) continue;
      let stays = false;
      for (const folder of foldersAbove(path)) {
        // under what was left or replaced, nothing is ours to delete one by one
        if (this.#left.has(folder) || this.#replaced.has(folder) || this.#byCase.twins.has(folder))
          stays = true;
      }
      if (stays) continue;
      if (this.#byCase.twins.has(path)) {
        const reason = 'its name differs only in case from one of the source';
        this.#actions.push({ action: 'skip', side, path, entry, existing: entry, reason });
        continue;
      }
      if (entry.type === 'directory' && target.holdsExcluded.has(path)) {
        const reason = 'it holds what the rules leave out';
        this.#actions.push({ action: 'skip', side, path, entry, existing: entry, reason });
        continue;
      }
      gone.push({ action: 'delete', side, path, entry, existing: entry });
    }
    this.#actions.push(...gone.toReversed());
  }

  #refusal(entry: Entry): string | undefined {
    const { links } = this.#one;
    if (entry.type === 'symlink') {
      if (links === 'skip') return 'symbolic links are left out';
      if (links === 'follow') return 'the symbolic link leads nowhere';
      return undefined;
    }
    if (entry.type === 'file' || entry.type === 'directory') return undefined;
    return entry.type === 'unknown'
      ? 'it is of no known type, or leads in a circle'
      : `it is a ${entry.type}`;
  }

  #leave(action: 'skip' | 'conflict', entry: Entry, reason: string): void {
    const { side, target } = this.#one;
    const { path } = entry;
    this.#left.add(path);
    this.#actions.push({ action, side, path, entry, existing: target.entries.get(path) ?? null, reason });
  }
}

/** Whether the source of a deletion is so empty that the deletion is likelier a mistake. */
export function isEmptySource(source: Tree): boolean {
  const root = source.entries.get('');
  return root === undefined || (root.type === 'directory' && source.entries.size === 1);
}
