import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Tree } from '../tree/entry.ts';
import type { Equality } from './equal.ts';
import { decideOneWay, isEmptySource, type OneWay } from './one-way.ts';
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

function decide(source: Tree, target: Tree, extra: Partial<OneWay> = {}): string[] {
  const one: OneWay = {
    source,
    target,
    side: 'remote',
    equality,
    links: 'keep',
    deleteExtra: false,
    foldsCase: false,
    ...extra,
  };
  return decideOneWay(one).actions.map(({ action, path }) => `${action} ${path}`);
}

describe('one direction', () => {
  it('creates what is missing, folders before what is in them', () => {
    expect(decide(tree(entry('d/x'), entry('y')), tree())).toEqual([
      'create ',
      'create d',
      'create d/x',
      'create y',
    ]);
  });

  it('tells contents, attributes and nothing apart', () => {
    const target = tree(entry('same'), entry('mode', { mode: 0o600 }), entry('size', { size: 7 }));
    const source = tree(entry('same'), entry('mode'), entry('size'));
    expect(decide(source, target)).toEqual(['attributes mode', 'update size']);
    expect(decide(source, target, { equality: { ...equality, preserve: false } })).toEqual(['update size']);
  });

  it('compares times by whole seconds where one side knows no more', () => {
    const source = tree(entry('x', { mtime: 5_123_456_789n }));
    expect(decide(source, tree(entry('x', { mtime: 5_000_000_000n })))).toEqual([]);
    expect(decide(source, tree(entry('x', { mtime: 5_123_456_788n })))).toEqual(['update x']);
    expect(decide(source, tree(entry('x', { mtime: 4_000_000_000n })))).toEqual(['update x']);
    const early = tree(entry('x', { mtime: -1_500_000_000n }));
    expect(decide(early, tree(entry('x', { mtime: -2_000_000_000n })))).toEqual([]);
  });

  it('believes compared contents more than times', () => {
    const source = tree(entry('x'), entry('y'));
    const target = tree(entry('x', { mtime: 1n }), entry('y'));
    const compared = { ...equality, sameContents: new Set(['x']) };
    expect(decide(source, target, { equality: compared })).toEqual(['attributes x', 'update y']);
  });

  it('deletes only when asked, from the deepest up, and nothing that rules leave out', () => {
    const target = tree(entry('old/a'), entry('old/kept'), entry('gone/b'), entry('x'));
    expect(decide(tree(entry('x')), target)).toEqual([]);
    const holds = { ...target, holdsExcluded: new Set(['', 'old']) };
    expect(decide(tree(entry('x')), holds, { deleteExtra: true })).toEqual([
      'skip old',
      'delete gone/b',
      'delete gone',
      'delete old/kept',
      'delete old/a',
    ]);
  });

  it('deletes nothing when a part of the source could not be read', () => {
    const source = { ...tree(entry('x')), problems: [{ path: 'd', text: 'permission denied' }] };
    expect(decide(source, tree(entry('x'), entry('d/y')), { deleteExtra: true })).toEqual([]);
  });

  it('names clashes of files and folders, and replaces only where deletions are asked for', () => {
    const source = tree(folder('was-file'), entry('was-file/in'), entry('was-folder'), entry('was-link'));
    const target = tree(entry('was-file'), entry('was-folder/in'), entry('was-link', { type: 'symlink' }));
    expect(decide(source, target)).toEqual(['conflict was-file', 'conflict was-folder', 'update was-link']);
    expect(decide(source, target, { deleteExtra: true })).toEqual([
      'update was-file',
      'create was-file/in',
      'update was-folder',
      'update was-link',
    ]);
  });

  it('leaves out devices and the like, and links as asked, by name', () => {
    const source = tree(entry('pipe', { type: 'fifo' }), entry('link', { type: 'symlink' }));
    expect(decide(source, tree(folder('')))).toEqual(['skip pipe', 'create link']);
    expect(decide(source, tree(folder('')), { links: 'skip' })).toEqual(['skip pipe', 'skip link']);
    expect(decide(source, tree(folder('')), { links: 'follow' })).toEqual(['skip pipe', 'skip link']);
  });

  it('names what differs only in case where the target takes it for one', () => {
    const source = tree(entry('Read'), entry('read'));
    expect(decide(source, tree(folder('')), { foldsCase: true })).toEqual(['create Read', 'conflict read']);
    expect(decide(source, tree(folder('')))).toEqual(['create Read', 'create read']);
    const newer = { size: 9 };
    expect(
      decide(tree(entry('Read', newer), entry('d/x')), tree(entry('read'), entry('D/y')), {
        foldsCase: true,
        deleteExtra: true,
      }),
    ).toEqual(['conflict Read', 'conflict d', 'skip read', 'skip D']);
    expect(
      decide(tree(entry('\xc3\x89'), entry('e\xcc\x81')), tree(folder('')), { foldsCase: true }),
    ).toEqual(['conflict \xc3\x89', 'create e\xcc\x81']);
  });

  it('knows an empty source', () => {
    expect([isEmptySource(tree(folder(''))), isEmptySource(tree(entry('x'))), isEmptySource(tree())]).toEqual(
      [true, false, true],
    );
  });

  it('makes the target equal to the source, except for what it names', () => {
    fc.assert(
      fc.property(anyTree, anyTree, (source, target) => {
        const one = { source, target, side: 'remote', equality, links: 'keep', foldsCase: false } as const;
        const { actions } = decideOneWay({ ...one, deleteExtra: true });
        const after = applied(target, actions, 'remote');
        const named = actions.filter(({ action }) => action === 'skip').map(({ path }) => path);
        const relevant = (one: Tree): string[] =>
          contents({
            ...one,
            entries: new Map([...one.entries].filter(([path]) => !named.includes(path) && path !== '')),
          });
        // what lies under a name that was left out at the source stays at the target
        const below = (line: string): boolean => named.some(path => line.startsWith(`${path}/`));
        expect(relevant(after).filter(line => !below(line))).toEqual(relevant(source));
        const again = decideOneWay({ ...one, target: after, deleteExtra: true });
        expect(again.actions.filter(({ action }) => action !== 'skip')).toEqual([]);
      }),
    );
  });

  it('loses nothing but replaced versions when deletions are not asked for', () => {
    fc.assert(
      fc.property(anyTree, anyTree, (source, target) => {
        const one = { source, target, side: 'remote', equality, links: 'keep', foldsCase: false } as const;
        const { actions } = decideOneWay({ ...one, deleteExtra: false });
        expect(actions.some(({ action }) => action === 'delete')).toBe(false);
        const after = applied(target, actions, 'remote');
        for (const [path, was] of target.entries) {
          expect(after.entries.has(path)).toBe(true);
          if (was.type === 'directory') expect(after.entries.get(path)?.type).toBe('directory');
        }
      }),
    );
  });
});
