import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Side } from '../decide/action.ts';
import type { Base } from '../decide/base.ts';
import { entry, folder } from '../decide/sample-trees.ts';
import type { Dump, Extended } from './dump.ts';
import { decideExtended, type ExtendedDecision, keepChanged, nextExtendedBase } from './two-way.ts';

const none: ReadonlyMap<string, Side> = new Map();
const never = (): boolean => false;
const all = (): boolean => true;

function dump(lines: Readonly<Record<string, string>>): Dump {
  return new Map(Object.entries(lines).map(([path, line]) => [path, [line]]));
}
function decide(
  local: Dump,
  remote: Dump,
  base: Base | null,
  { kind = 'xattrs', comesFrom = none }: { kind?: Extended; comesFrom?: ReadonlyMap<string, Side> } = {},
): ExtendedDecision {
  return decideExtended({ kind, local, remote, base, comesFrom, isLeft: never });
}
/** As after a sync that made both what is given. */
function baseOf(both: Dump): Base {
  return nextExtendedBase(decide(both, both, null), null, all);
}
function shown({ local, remote, conflicts }: ExtendedDecision): unknown {
  const flat = (one: Dump): unknown =>
    Object.fromEntries([...one].map(([path, lines]) => [path, lines.join()]));
  return [flat(local), flat(remote), [...conflicts]];
}

describe('attributes in both directions', () => {
  it('go from the side that changed them, also when they are gone there', () => {
    const base = baseOf(dump({ a: '1', b: '1', c: '1', d: '1' }));
    const found = decide(dump({ a: '2', b: '1', d: '1' }), dump({ a: '1', b: '2', c: '1', d: '1' }), base);
    const wanted = { a: '2', b: '2', c: '', d: '1' };
    expect(shown(found)).toEqual([wanted, wanted, []]);
  });

  it('stay as they are where both sides changed them, this time and the next', () => {
    const base = baseOf(dump({ a: '1' }));
    const [local, remote] = [dump({ a: '2', new: 'x' }), dump({ a: '3', new: 'y' })];
    const found = decide(local, remote, base);
    expect(shown(found)).toEqual([{ a: '2', new: 'x' }, { a: '3', new: 'y' }, ['a', 'new']]);
    const next = nextExtendedBase(found, base, all);
    expect([...decide(local, remote, next).conflicts]).toEqual(['a', 'new']);
    // one side gave way
    expect(shown(decide(dump({ a: '1' }), dump({ a: '3' }), next))).toEqual([{ a: '3' }, { a: '3' }, []]);
  });

  it('are not guessed at where nothing is known: attributes are added, lists are not', () => {
    const [local, remote] = [dump({ a: '1', both: '1' }), dump({ b: '1', both: '2' })];
    expect(shown(decide(local, remote, null))).toEqual([
      { a: '1', b: '1', both: '1' },
      { a: '1', b: '1', both: '2' },
      ['both'],
    ]);
    const lists = decide(local, remote, null, { kind: 'acls' });
    expect([...lists.conflicts].sort()).toEqual(['a', 'b', 'both']);
    // and that they were never equal is still known the next time
    const next = nextExtendedBase(lists, null, all);
    expect([...decide(local, remote, next, { kind: 'acls' }).conflicts].sort()).toEqual(['a', 'b', 'both']);
  });

  it('come with what is new, whatever its place had', () => {
    const comesFrom = new Map<string, Side>([
      ['from here', 'local'],
      ['from there', 'remote'],
    ]);
    const found = decide(dump({ 'from here': '1', 'from there': 'old' }), dump({ 'from there': '2' }), null, {
      comesFrom,
    });
    const wanted = { 'from here': '1', 'from there': '2' };
    expect(shown(found)).toEqual([wanted, wanted, []]);
  });

  it('are remembered as they were where a file was left out, or failed', () => {
    const base = baseOf(dump({ left: '1', failed: '1' }));
    const local = dump({ left: '2', failed: '2' });
    const remote = dump({ left: '1', failed: '1' });
    const isLeft = (path: string): boolean => path === 'left';
    const found = decideExtended({ kind: 'xattrs', local, remote, base, comesFrom: none, isLeft });
    expect(shown(found)).toEqual([{ failed: '2' }, { failed: '2' }, []]);
    expect(nextExtendedBase(found, base, path => path !== 'failed')).toEqual(base);
  });

  it('that changed keep a file, and its folders, that the other side removed', () => {
    const [in1, in2] = [entry('d/e/changed'), entry('d/other')];
    const gone = [in1, in2, folder('d/e'), folder('d'), entry('x')];
    const actions = gone.map(each => ({
      action: 'delete' as const,
      side: 'remote' as const,
      path: each.path,
      entry: each,
      existing: each,
    }));
    const kept = keepChanged(actions, new Set(['d/e/changed']));
    expect(kept.map(({ path }) => path)).toEqual(['d/other', 'x']);
    expect(keepChanged(actions, new Set())).toBe(actions);
  });

  it('lose no change, and are equal but for conflicts', () => {
    const names = fc.constantFrom('a', 'b', 'c');
    const lines = fc.dictionary(names, fc.constantFrom('1', '2', '3'), { maxKeys: 3, noNullPrototype: true });
    fc.assert(
      fc.property(lines, lines, fc.option(lines), (here, there, common) => {
        const [local, remote] = [dump(here), dump(there)];
        const base = common && baseOf(dump(common));
        const found = decide(local, remote, base);
        for (const path of found.local.keys()) {
          const isEqual = String(found.local.get(path)) === String(found.remote.get(path));
          expect(isEqual).toBe(!found.conflicts.has(path));
        }
        for (const [mine, own] of [
          [found.local, here],
          [found.remote, there],
        ] as const)
          for (const [path, line] of Object.entries(own)) {
            const isKept = String(mine.get(path)) === line;
            // what gave way was known to both
            if (!isKept) expect(common?.[path]).toBe(line);
          }
        const again = decide(found.local, found.remote, nextExtendedBase(found, base, all));
        expect(again.conflicts).toEqual(found.conflicts);
        expect(String([...again.local])).toBe(String([...found.local]));
      }),
    );
  });
});
