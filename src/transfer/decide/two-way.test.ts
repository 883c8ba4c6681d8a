import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Tree } from '../tree/entry.ts';
import { type Action, otherSide } from './action.ts';
import { type Base, nextBase } from './base.ts';
import { NONE_FOLDS } from './case-clashes.ts';
import type { Equality } from './equal.ts';
import { decideTwoWay, type TwoWay } from './two-way.ts';
import { applied, contents, entry, folder, tree, treeOf } from './sample-trees.ts';

const equality: Equality = { preserve: true, owners: false, sameContents: undefined };

/** A small tree; few names, so that two of them have much in common. */
const names = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 });
const types = fc.constantFrom('file', 'file', 'directory', 'symlink', 'fifo');
const anyTree = fc
  .array(
    fc.tuple(
      names.map(parts => parts.join('/')),
      types,
      fc.integer({ min: 0, max: 2 }),
    ),
    { maxLength: 8 },
  )
  .map(treeOf);
const plain = { equality, links: 'keep', deleteExtra: true, folds: NONE_FOLDS } as const;

function decide(local: Tree, remote: Tree, base: Base | null, extra: Partial<TwoWay> = {}): string[] {
  const { actions } = decideTwoWay({ ...plain, local, remote, base, ...extra });
  return actions.map(({ action, side, path }) => `${action} ${side} ${path}`);
}
function baseOf(both: Tree): Base {
  return nextBase({ local: both, remote: both }, new Map(), equality);
}
const newer = { size: 9, mtime: 9_000_000_000n };

describe('both directions', () => {
  it('joins two trees that never met, and names what differs', () => {
    const local = tree(entry('here'), entry('same'), entry('differs'));
    const remote = tree(entry('there'), entry('same'), entry('differs', newer));
    expect(decide(local, remote, null)).toEqual([
      'conflict remote differs',
      'create remote here',
      'create local there',
    ]);
  });

  it('carries a change from each side', () => {
    const base = tree(entry('a'), entry('b'), entry('c'));
    const local = tree(entry('a', newer), entry('b'), entry('c', { mode: 0o600 }));
    const remote = tree(entry('a'), entry('b', newer), entry('c'));
    expect(decide(local, remote, baseOf(base))).toEqual([
      'update remote a',
      'update local b',
      'attributes remote c',
    ]);
  });

  it('keeps and names what changed on both sides', () => {
    const base = baseOf(tree(entry('a'), entry('b'), entry('c')));
    const local = tree(entry('a', newer), entry('b', newer), folder(''));
    const remote = tree(entry('a', { size: 3 }), entry('b', newer), entry('c', newer));
    expect(decide(local, remote, base)).toEqual(['conflict remote a', 'conflict remote c']);
  });

  it('removes what was removed, only when asked, and only what nobody changed', () => {
    const base = baseOf(tree(entry('d/a'), entry('d/b'), entry('e/f')));
    const local = tree(folder('d'), entry('d/b'));
    const remote = tree(entry('d/a'), entry('d/b'), entry('e/f'));
    expect(decide(local, remote, base)).toEqual([
      'delete remote e/f',
      'delete remote e',
      'delete remote d/a',
    ]);
    expect(decide(local, remote, base, { deleteExtra: false })).toEqual([
      'skip remote d/a',
      'skip remote e',
      'skip remote e/f',
    ]);
  });

  it('brings a removed folder back when something new is in it', () => {
    const base = baseOf(tree(entry('d/a')));
    const remote = tree(entry('d/a'), entry('d/new'));
    expect(decide(tree(folder('')), remote, base)).toEqual([
      'create local d',
      'create local d/new',
      'delete remote d/a',
    ]);
  });

  it('names what differs only in case where a side takes it for one; what is there goes on', () => {
    const local = tree(entry('Read'), entry('read'));
    const folds = { local: false, remote: true };
    expect(decide(local, tree(folder('')), null, { folds })).toEqual([
      'create remote Read',
      'conflict remote read',
    ]);
    expect(decide(tree(entry('Read', newer)), tree(entry('read')), null, { folds })).toEqual([
      'conflict remote Read',
      'create local read',
    ]);
    const both = { local: true, remote: true };
    expect(decide(tree(entry('Read', newer)), tree(entry('read')), null, { folds: both })).toEqual([
      'conflict remote Read',
      'conflict remote read',
    ]);
    // one that is renamed here comes the next time, when the old one is gone there
    const base = baseOf(tree(entry('read')));
    expect(decide(tree(entry('Read')), tree(entry('read')), base, { folds })).toEqual([
      'conflict remote Read',
      'delete remote read',
    ]);
  });

  it('leaves a file against a folder, and all below, alone', () => {
    expect(decide(tree(entry('x')), tree(entry('x/y')), null)).toEqual(['conflict remote x']);
  });

  it('is the same seen from the other side', () => {
    const mirrored = (actions: readonly Action[]): string[] =>
      actions
        .map(({ action, side, path }) =>
          action === 'conflict' || action === 'skip'
            ? `${action} ${path}`
            : `${action} ${otherSide(side)} ${path}`,
        )
        .sort();
    const seen = (actions: readonly Action[]): string[] =>
      actions
        .map(({ action, side, path }) =>
          action === 'conflict' || action === 'skip' ? `${action} ${path}` : `${action} ${side} ${path}`,
        )
        .sort();
    fc.assert(
      fc.property(
        anyTree,
        anyTree,
        fc.option(anyTree),
        fc.boolean(),
        (local, remote, common, deleteExtra) => {
          const base = common && baseOf(common);
          const one = decideTwoWay({ ...plain, deleteExtra, local, remote, base });
          const other = decideTwoWay({ ...plain, deleteExtra, local: remote, remote: local, base });
          expect(seen(one.actions)).toEqual(mirrored(other.actions));
        },
      ),
    );
  });

  it('can be carried out, loses no change, and has nothing left to do afterwards', () => {
    fc.assert(
      fc.property(
        anyTree,
        anyTree,
        fc.option(anyTree),
        fc.boolean(),
        (local, remote, common, deleteExtra) => {
          const base: Base | null = common && baseOf(common);
          const { actions } = decideTwoWay({ ...plain, deleteExtra, local, remote, base });
          if (!deleteExtra) expect(actions.some(({ action }) => action === 'delete')).toBe(false);
          const after = {
            local: applied(local, actions, 'local'),
            remote: applied(remote, actions, 'remote'),
          };
          const everything = new Set([...contents(after.local), ...contents(after.remote)]);
          const known = new Set(common ? contents(common) : []);
          for (const line of [...contents(local), ...contents(remote)])
            if (!known.has(line)) expect(everything).toContain(line);
          const next = nextBase(after, base ?? new Map(), equality);
          const again = decideTwoWay({ ...plain, ...after, deleteExtra, base: next });
          const work = again.actions.filter(({ action }) => action !== 'conflict' && action !== 'skip');
          expect(work).toEqual([]);
        },
      ),
      { numRuns: 400 },
    );
  });
});
