import { DeckhandError } from '../../core/deckhand-error.ts';
import { type RawPath, showRaw } from '../../core/raw-path.ts';
import { type Entry, foldersAbove, isPart, nameOf, parentOf, type Problem, type Tree } from './entry.ts';
import type { Excluded } from './filter.ts';

/** Entries a tree may have; about 400 bytes of memory each. */
export const MOST_ENTRIES = 1_000_000;

export interface TreeRules {
  readonly excluded: Excluded;
  readonly limit?: number;
  /** Who sent it, for messages. */
  readonly place: string;
}

/** Takes entries one by one, in any order in which parents come first, and refuses what no honest listing has. */
export class TreeBuilder {
  readonly #rules: TreeRules;
  readonly #entries = new Map<RawPath, Entry>();
  readonly #problems: Problem[] = [];
  readonly #holdsExcluded = new Set<RawPath>();
  /** Folders that are left out with all that is in them. */
  readonly #hidden = new Set<RawPath>();

  constructor(rules: TreeRules) {
    this.#rules = rules;
  }

  add(entry: Entry): void {
    const { path } = entry;
    if (path !== '') {
      if (!isSafe(path)) throw outside(this.#rules.place, path);
      const parent = parentOf(path);
      if (this.#hidden.has(parent)) {
        if (entry.type === 'directory') this.#hidden.add(path);
        return;
      }
      if (this.#entries.get(parent)?.type !== 'directory' || this.#entries.has(path))
        throw outside(this.#rules.place, path);
      if (isPart(nameOf(path))) {
        if (entry.type === 'directory') this.#hidden.add(path);
        return;
      }
      if (this.#rules.excluded(path, entry.type === 'directory')) {
        this.#exclude(entry);
        return;
      }
    } else if (this.#entries.size > 0) throw outside(this.#rules.place, path);
    const { limit = MOST_ENTRIES } = this.#rules;
    if (this.#entries.size >= limit)
      throw new DeckhandError(
        'transfer.too-many-entries',
        `${this.#rules.place} has more than ${limit} entries.`,
        { details: { limit } },
      );
    this.#entries.set(path, entry);
  }

  /** False for what was left out. */
  has(path: RawPath): boolean {
    return this.#entries.has(path);
  }

  problem(problem: Problem): void {
    const { path } = problem;
    const folders = [path, ...foldersAbove(path)];
    if (folders.some(folder => this.#hidden.has(folder)) || this.#rules.excluded(path, true)) return;
    if (this.#problems.length < 1000) this.#problems.push(problem);
  }

  tree(): Tree {
    return { entries: this.#entries, problems: this.#problems, holdsExcluded: this.#holdsExcluded };
  }

  #exclude({ path, type }: Entry): void {
    if (type === 'directory') this.#hidden.add(path);
    for (const folder of foldersAbove(path)) {
      if (this.#holdsExcluded.has(folder)) return;
      this.#holdsExcluded.add(folder);
    }
  }
}

/** A relative path that stays where it is: no empty, `.` or `..` part, no zero byte. */
export function isSafe(path: RawPath): boolean {
  if (path.length > 65_536 || path.includes('\0')) return false;
  return path.split('/').every(part => part !== '' && part !== '.' && part !== '..');
}

export function outside(place: string, path: RawPath): DeckhandError {
  const shown = showRaw(path).replaceAll('\n', '\ufffd').slice(0, 300);
  return new DeckhandError(
    'transfer.outside',
    `${place} lists the name "${shown}", which cannot be in the tree.`,
  );
}
