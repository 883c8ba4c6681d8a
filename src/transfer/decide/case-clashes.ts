import type { RawPath } from '../../core/raw-path.ts';
import type { Tree } from '../tree/entry.ts';

/** Sides whose file systems take `A` and `a` for one name. */
export interface FoldingSides {
  readonly local: boolean;
  readonly remote: boolean;
}
export const NONE_FOLDS: FoldingSides = { local: false, remote: false };

/** Names of both trees that such a file system takes for one, in groups of two and more. */
export function caseTwins(trees: readonly Tree[]): readonly (readonly RawPath[])[] {
  if (!trees.some(({ entries }) => hasOtherCase(entries.keys()))) return [];
  const first = new Map<string, RawPath>();
  const groups = new Map<string, RawPath[]>();
  for (const { entries } of trees)
    for (const path of entries.keys()) {
      const key = folded(path);
      const known = first.get(key);
      if (known === undefined) first.set(key, path);
      else if (known !== path) {
        const group = groups.get(key);
        if (group === undefined) groups.set(key, [known, path]);
        else if (!group.includes(path)) group.push(path);
      }
    }
  // in the same order whatever the order of a listing
  return [...groups.values()].map(group => group.toSorted());
}

/** Two that differ in case alone are not both what folding makes of them. */
function hasOtherCase(paths: Iterable<RawPath>): boolean {
  for (const path of paths) if (/[A-Z\x80-\xff]/.test(path)) return true;
  return false;
}

/**
 * Of each group the names that must stay behind. The one that is on a folding side already goes on, or the first where
 * none is; where such sides have several of them, none does.
 */
export function caseClashes(
  trees: { readonly local: Tree; readonly remote: Tree },
  folds: FoldingSides,
): { readonly stay: ReadonlySet<RawPath>; readonly twins: ReadonlySet<RawPath> } {
  const stay = new Set<RawPath>();
  const twins = new Set<RawPath>();
  if (!folds.local && !folds.remote) return { stay, twins };
  const folding = [...(folds.local ? [trees.local] : []), ...(folds.remote ? [trees.remote] : [])];
  for (const group of caseTwins([trees.local, trees.remote])) {
    const there = group.filter(path => folding.some(({ entries }) => entries.has(path)));
    const chosen = there.length > 1 ? undefined : (there[0] ?? group[0]);
    for (const path of group) {
      twins.add(path);
      if (path !== chosen) stay.add(path);
    }
  }
  return { stay, twins };
}

/** Two names that differ in case alone; not in how their accents are written, which some systems change by themselves. */
export function isCaseTwin(one: RawPath, other: RawPath): boolean {
  return folded(one) === folded(other) && composed(one) !== composed(other);
}

function composed(path: RawPath): string {
  return Buffer.from(path, 'latin1').toString('utf8').normalize('NFC');
}

function folded(path: RawPath): string {
  // most names are ASCII, which is quick
  // eslint-disable-next-line no-control-regex -- all of ASCII
  if (/^[\x00-\x7f]*$/.test(path)) return path.toLowerCase();
  return composed(path).toLowerCase();
}
