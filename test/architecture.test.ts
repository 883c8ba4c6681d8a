import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importsOf, readModules } from './architecture/read-modules.ts';
import { consoleViolations } from './architecture/console-violations.ts';
import { MAY_IMPORT, MAY_USE } from './architecture/rules.ts';
import { folderNameViolations, isOneSentence, violationsOf } from './architecture/violations.ts';

const project = join(import.meta.dirname, '..');

describe('the source tree', () => {
  it('keeps every rule of test/architecture/rules.ts', () => {
    expect(violationsOf(join(project, 'src'))).toEqual([]);
  });

  it('is really read: modules and imports were seen', () => {
    const modules = readModules(join(project, 'src'));
    expect(modules.length).toBeGreaterThan(20);
    expect(modules.flatMap(module => module.imports).length).toBeGreaterThan(modules.length);
  });

  it('keeps test and bench free of folders that are named after nothing', () => {
    // test/lab/lib holds the parts of lab.sh, a shell program
    const found = folderNameViolations(join(project, 'test')).filter(each => !each.startsWith('lab/lib/'));
    expect([...found, ...folderNameViolations(join(project, 'bench'))]).toEqual([]);
  });
});

describe('the console', () => {
  it('keeps its rules', () => {
    expect(consoleViolations(join(project, 'console/src'))).toEqual([]);
    expect(folderNameViolations(join(project, 'console/src'))).toEqual([]);
  });

  it.each([
    [
      'the engine itself',
      'parts/a.tsx',
      "import { a } from '../../../src/core/ids.ts';",
      /deckhand\/client only/,
    ],
    ['node', 'engine/a.ts', "import 'node:fs';", /no such module/],
    ['another package', 'fleet/a.tsx', "import 'left-pad';", /none of the packages/],
    ['a screen in a part', 'parts/a.tsx', "import '../fleet/b.ts';", /may import engine/],
    ['markup of text', 'log/a.tsx', 'element.innerHTML = line;', /markup/],
  ])('a planted violation is found: %s', (_name, path, text, message) => {
    const root = mkdtempSync(join(tmpdir(), 'deckhand-architecture-'));
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
    expect(consoleViolations(root).join('\n')).toMatch(message);
    rmSync(root, { recursive: true });
  });
});

describe('the rules themselves', () => {
  it('name only folders that have a row', () => {
    const named = [...Object.values(MAY_IMPORT).flat(), ...Object.values(MAY_USE)];
    expect(named.filter(name => !Object.hasOwn(MAY_IMPORT, name))).toEqual([]);
  });

  it('allow no circle', () => {
    const reachable = (folder: string, seen: Set<string>): Set<string> => {
      for (const next of MAY_IMPORT[folder] ?? []) if (!seen.has(next)) reachable(next, seen.add(next));
      return seen;
    };
    const circular = Object.keys(MAY_IMPORT).filter(folder => reachable(folder, new Set()).has(folder));
    expect(circular).toEqual([]);
  });
});

describe('a planted violation is found', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'deckhand-architecture-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  /** The violations of a tree of these files; every folder gets a good README unless one is given. */
  const plant = (files: Record<string, string>): readonly string[] => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
      const folder = path.split('/')[0] ?? '';
      const readme = `${folder}/README.md`;
      if (path.includes('/') && !(readme in files))
        writeFileSync(join(root, readme), '# a\n\nOne sentence.\n');
    }
    return violationsOf(root);
  };

  it.each([
    [
      'an import upwards',
      { 'ssh/a.ts': "import type { A } from '../fleet/b.ts';\n", 'fleet/b.ts': '' },
      /may import core/,
    ],
    [
      'a re-export upwards',
      { 'core/a.ts': "export {\n  b,\n} from '../ssh/b.ts';\n", 'ssh/b.ts': '' },
      /may import nothing/,
    ],
    [
      'a dynamic import',
      { 'cli/a.ts': "const b = await import('../tasks/b.ts');\n", 'tasks/b.ts': '' },
      /may import/,
    ],
    ['a package in a second folder', { 'fleet/a.ts': "import { Client } from 'ssh2';\n" }, /it lives in ssh/],
    ['a package without a home', { 'core/a.ts': "import 'left-pad/deep.js';\n" }, /no row in MAY_USE/],
    ['I/O in core', { 'core/a.ts': "import { readFile } from 'node:fs/promises';\n" }, /does no I\/O/],
    ['a way out of src', { 'core/a.ts': "import { b } from '../../test/b.ts';\n" }, /outside of src/],
    ['an unknown folder', { 'magic/a.ts': '' }, /no row in MAY_IMPORT/],
    ['a long file', { 'core/a.ts': '\n'.repeat(401) }, /401 lines/],
    ['a folder named after nothing', { 'core/utils/a.ts': '' }, /says nothing/],
    [
      'two sentences in a README',
      { 'core/a.ts': '', 'core/README.md': '# c\n\nOne. Two.\n' },
      /one sentence/,
    ],
    [
      'a circle',
      {
        'ssh/a.ts': "import '../fleet/b.ts';\n",
        'fleet/b.ts': "import '../ssh/a.ts';\n",
      },
      /ssh → fleet → ssh|fleet → ssh → fleet/,
    ],
  ])('%s', (_name, files, message) => {
    expect(plant(files).join('\n')).toMatch(message);
  });

  it('a folder without README', () => {
    mkdirSync(join(root, 'core'));
    writeFileSync(join(root, 'core/a.ts'), '');
    expect(violationsOf(root)).toEqual(['core/: has no README.md.']);
  });

  it('an empty tree', () => {
    expect(() => violationsOf(root)).toThrow(/No module was seen/);
  });

  it('and a good tree has none', () => {
    expect(plant({ 'core/a.ts': '', 'ssh/a.ts': "import { a } from '../core/a.ts';\n" })).toEqual([]);
  });
});

describe('reading', () => {
  it('sees imports of every form and no text that only looks like one', () => {
    const text = [
      "import a from 'one';",
      "import type {\n  B,\n} from './two.ts';",
      "import 'three';",
      "export * from '../four.ts';",
      "const five = await import('five');",
      "const text = 'a letter from home';",
    ].join('\n');
    expect([...importsOf(text)].toSorted()).toEqual(['../four.ts', './two.ts', 'five', 'one', 'three']);
  });

  it('knows one sentence from two', () => {
    expect(isOneSentence('Reads `~/.ssh/config`, e.g. for hosts.')).toBe(true);
    expect(isOneSentence('Reads. Writes.')).toBe(false);
    expect(isOneSentence('No full stop')).toBe(false);
  });
});
