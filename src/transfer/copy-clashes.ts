import { type RawPath, showRaw } from '../core/raw-path.ts';
import type { TransferAction } from '../core/transfer-params.ts';
import type { SshConnection } from '../ssh/connection.ts';
import { placeFolds } from './case-folding.ts';
import { caseClashes, caseTwins } from './decide/case-clashes.ts';
import { EMPTY_TREE, foldersAbove, parentOf, type Tree } from './tree/entry.ts';

/** What of a tree can go to a host that may take `A` and `a` for one name. */
export interface CopiedTree {
  readonly tree: Tree;
  /** What stays behind, without what lies under it. */
  readonly conflicts: readonly TransferAction[];
  /** Of a file that stays behind under this name: another of its names, which goes. */
  readonly otherNames: ReadonlyMap<RawPath, RawPath>;
}

/** Where the tree goes: nothing is at `root` yet. */
interface FreeTarget {
  readonly to: SshConnection;
  readonly signal: AbortSignal;
  readonly root: RawPath;
  readonly stage: RawPath;
  /** `uname -s`. */
  readonly system: string;
}

/** The host is asked only where names of the tree differ in nothing but case. */
export async function withoutClashes(tree: Tree, target: FreeTarget): Promise<CopiedTree> {
  const { to, signal, root, stage, system } = target;
  const folders = [parentOf(root) || '/'];
  const isFolding =
    caseTwins([tree]).length > 0 &&
    (await placeFolds({ connection: to, signal, side: 'remote', folders, trial: stage, system }));
  if (!isFolding) return { tree, conflicts: [], otherNames: new Map() };
  const { stay } = caseClashes({ local: tree, remote: EMPTY_TREE }, { local: false, remote: true });
  return leavingOut(tree, stay);
}

function leavingOut(tree: Tree, stay: ReadonlySet<RawPath>): CopiedTree {
  const isUnder = (path: RawPath): boolean => [...foldersAbove(path)].some(folder => stay.has(folder));
  const all = [...tree.entries];
  const entries = new Map(all.filter(([path]) => !stay.has(path) && !isUnder(path)));
  const conflicts = all
    .filter(([path]) => stay.has(path) && !isUnder(path))
    .map(([path, { type, size }]) => ({
      action: 'conflict' as const,
      side: 'remote' as const,
      path: showRaw(path),
      type,
      size,
      reason: 'its name differs only in case from another, and the target takes both for one',
    }));
  return { tree: { ...tree, entries }, conflicts, otherNames: otherNamesOf(tree, entries) };
}

/** An archive has a file's contents under the first of its names only, which may be one that stays behind. */
function otherNamesOf({ entries: all }: Tree, going: Tree['entries']): ReadonlyMap<RawPath, RawPath> {
  const goes = new Map<string, RawPath>();
  for (const { path, inode } of going.values()) if (inode !== null) goes.set(inode, path);
  const names = new Map<RawPath, RawPath>();
  for (const { path, inode } of all.values()) {
    const other = inode === null || going.has(path) ? undefined : goes.get(inode);
    if (other !== undefined) names.set(path, other);
  }
  return names;
}
