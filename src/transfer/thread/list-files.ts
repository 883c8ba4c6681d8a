import { readdirSync } from 'node:fs';
import { type RawPath, rawToBytes } from '../../core/raw-path.ts';
import type { Problem, Tree } from '../tree/entry.ts';
import { excludeBy } from '../tree/filter.ts';
import { listLocal } from '../tree/local-tree.ts';
import { type Columns, fromColumns, toColumns } from './columns.ts';
import { inThread } from './file-threads.ts';

export interface ListInput {
  readonly root: RawPath;
  readonly exclude: readonly string[];
  readonly links: 'keep' | 'follow' | 'skip';
}

interface Listed {
  readonly columns: Columns;
  readonly problems: readonly Problem[];
  readonly holdsExcluded: ReadonlySet<RawPath>;
}

/** Entries of a folder that are listed sooner here than a thread begins. */
const FEW = 200;

/** Work of a thread: one tree. */
export async function* listFiles({ root, exclude, links }: ListInput): AsyncGenerator<Listed> {
  const { signal } = new AbortController();
  const tree = await listLocal(root, { rules: { excluded: excludeBy(exclude) }, links, signal });
  const { entries, problems, holdsExcluded } = tree;
  yield { columns: toColumns([...entries.values()]), problems, holdsExcluded };
}

/** As `listLocal`; more than a few files are listed by a thread, beside whatever else is done. */
export async function listTree(input: ListInput, signal: AbortSignal): Promise<Tree> {
  if (isFlatAndSmall(input.root))
    return await listLocal(input.root, {
      rules: { excluded: excludeBy(input.exclude) },
      links: input.links,
      signal,
    });
  const { columns, problems, holdsExcluded } = await inThread<Listed>('list', input, signal);
  return {
    entries: new Map(fromColumns(columns).map(entry => [entry.path, entry])),
    problems,
    holdsExcluded,
  };
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
