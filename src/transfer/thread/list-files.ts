import { readdirSync } from 'node:fs';
import { type RawPath, rawToBytes } from '../../core/raw-path.ts';
import type { Problem, Tree } from '../tree/entry.ts';
import { excludeBy } from '../tree/filter.ts';
import { LocalFingerprint } from '../tree/local-fingerprint.ts';
import { fingerprintLocal, listLocal } from '../tree/local-tree.ts';
import { type Columns, fromColumns, toColumns } from './columns.ts';
import { inThread } from './file-threads.ts';

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

interface Listed {
  /** It has the digest that was known, and the rest is empty. */
  readonly isAsKnown: boolean;
  readonly mark: TreeMark | null;
  readonly columns: Columns;
  readonly problems: readonly Problem[];
  readonly holdsExcluded: ReadonlySet<RawPath>;
}

/** Entries of a folder that are listed sooner here than a thread begins. */
const FEW = 200;

/** Work of a thread: one tree. */
export async function* listFiles(input: ListInput): AsyncGenerator<Listed> {
  const { root, links, known } = input;
  const { signal } = new AbortController();
  const rules = { excluded: excludeBy(input.exclude) };
  const nothing = { columns: toColumns([]), problems: [], holdsExcluded: new Set<RawPath>() };
  if (known !== undefined) {
    const fingerprint = new LocalFingerprint();
    await fingerprintLocal(root, { rules, links, signal, fingerprint });
    if (fingerprint.digest() === known) {
      yield { ...nothing, isAsKnown: true, mark: null };
      return;
    }
  }
  const fingerprint = new LocalFingerprint();
  const tree = await listLocal(root, {
    rules,
    links,
    signal,
    ...(links === 'follow' ? {} : { fingerprint }),
  });
  const digest = links === 'follow' ? null : fingerprint.digest();
  const { entries, problems, holdsExcluded } = tree;
  const mark = digest === null ? null : { digest, newest: fingerprint.newest };
  yield { isAsKnown: false, mark, columns: toColumns([...entries.values()]), problems, holdsExcluded };
}

export interface ListedTree {
  readonly tree: Tree;
  /** Null: it is too small to be worth it, or not whole. */
  readonly mark: TreeMark | null;
}

/**
 * As `listLocal`; more than a few files are listed by a thread, beside whatever else is done. Null: it has the
 * digest that was known.
 */
export async function listTree(input: ListInput, signal: AbortSignal): Promise<ListedTree | null> {
  const { root, exclude, links } = input;
  if (isFlatAndSmall(root)) {
    const tree = await listLocal(root, { rules: { excluded: excludeBy(exclude) }, links, signal });
    return { tree, mark: null };
  }
  const { isAsKnown, mark, columns, problems, holdsExcluded } = await inThread<Listed>('list', input, signal);
  if (isAsKnown) return null;
  const entries = new Map(fromColumns(columns).map(entry => [entry.path, entry]));
  return { tree: { entries, problems, holdsExcluded }, mark };
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
