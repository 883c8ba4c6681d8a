import { readdirSync } from 'node:fs';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { type RawPath, rawToBytes } from '../../core/raw-path.ts';
import type { Entry, Problem, Tree } from '../tree/entry.ts';
import { excludeBy } from '../tree/filter.ts';
import { LocalFingerprint } from '../tree/local-fingerprint.ts';
import { fingerprintLocal, listLocal } from '../tree/local-tree.ts';
import { type Columns, fromColumns, toColumns } from './columns.ts';
import { Gathered } from '../gathered.ts';
import { itemsOf } from './file-threads.ts';

export interface ListInput {
  readonly root: RawPath;
  readonly exclude: readonly string[];
  readonly links: 'keep' | 'follow' | 'skip';
  /** A digest that it may still have: then nothing is listed. */
  readonly known?: string;
}

/** What a large tree looked like, to the byte. */
export interface TreeMark {
  readonly digest: string;
  /** Milliseconds since the epoch of the last change of anything in it. */
  readonly newest: number;
}

/** Comes by and by; the last one has an end. */
interface Listed {
  readonly columns: Columns;
  readonly end?: {
    /** It has the digest that was known, and the rest is empty. */
    readonly isAsKnown: boolean;
    readonly mark: TreeMark | null;
    readonly problems: readonly Problem[];
    readonly holdsExcluded: ReadonlySet<RawPath>;
  };
}

/** Entries of a folder that are listed sooner here than a thread begins. */
const FEW = 200;

/** Work of a thread: one tree. */
export async function* listFiles(input: ListInput): AsyncGenerator<Listed> {
  const { root, links, known } = input;
  const { signal } = new AbortController();
  const rules = { excluded: excludeBy(input.exclude) };
  if (known !== undefined) {
    const fingerprint = new LocalFingerprint();
    await fingerprintLocal(root, { rules, links, signal, fingerprint });
    if (fingerprint.digest() === known) {
      const nothing = { mark: null, problems: [], holdsExcluded: new Set<RawPath>() };
      yield { columns: toColumns([]), end: { ...nothing, isAsKnown: true } };
      return;
    }
  }
  const fingerprint = new LocalFingerprint();
  const found = new Gathered<Entry>();
  const marked = links === 'follow' ? {} : { fingerprint };
  const listing = listLocal(root, { rules, links, signal, onEntry: entry => found.add(entry), ...marked });
  listing.then(found.end, found.end);
  for await (const entries of found) yield { columns: toColumns(entries) };
  const { problems, holdsExcluded } = await listing;
  const digest = links === 'follow' ? null : fingerprint.digest();
  const mark = digest === null ? null : { digest, newest: fingerprint.newest };
  yield { columns: toColumns([]), end: { isAsKnown: false, mark, problems, holdsExcluded } };
}

export interface ListedTree {
  readonly tree: Tree;
  /** Null: it is too small to be worth it, or not whole. */
  readonly mark: TreeMark | null;
}

/**
 * As `listLocal`; more than a few files are listed by a thread, beside whatever else is done, and then `onEntries` gets
 * them, parents first, while the rest is listed. Null: it has the digest that was known.
 */
export async function listTree(
  input: ListInput,
  signal: AbortSignal,
  onEntries?: (entries: readonly Entry[]) => void,
): Promise<ListedTree | null> {
  const { root, exclude, links } = input;
  if (isFlatAndSmall(root)) {
    const tree = await listLocal(root, { rules: { excluded: excludeBy(exclude) }, links, signal });
    return { tree, mark: null };
  }
  const entries = new Map<RawPath, Entry>();
  for await (const { columns, end } of itemsOf<Listed>('list', input, signal)) {
    const some = fromColumns(columns);
    for (const entry of some) entries.set(entry.path, entry);
    if (some.length > 0) onEntries?.(some);
    if (end?.isAsKnown === true) return null;
    if (end)
      return { tree: { entries, problems: end.problems, holdsExcluded: end.holdsExcluded }, mark: end.mark };
  }
  throw new DeckhandError('internal.defect', 'A listing has no end.');
}

function isFlatAndSmall(root: RawPath): boolean {
  try {
    const found = readdirSync(rawToBytes(root), { withFileTypes: true, encoding: 'buffer' });
    return found.length < FEW && !found.some(entry => entry.isDirectory() || entry.isSymbolicLink());
  } catch {
    // what it is, or why it cannot be looked into, is for the listing to say
    return true;
  }
}
