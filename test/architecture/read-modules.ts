import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/** One source file and what it imports, as the architecture rules see it. */
export interface Module {
  /** Relative to the tree's root, with `/`: `ssh/dial.ts`. */
  readonly path: string;
  /** First part of the path: a folder, or the file itself where it lies at the root. */
  readonly folder: string;
  readonly isTest: boolean;
  readonly lines: number;
  readonly imports: readonly string[];
}

const importForms = [
  /^[ \t]*(?:import|export)\b[^;'"`]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^[ \t]*import\s*['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
];

/** Every specifier that the text imports, statically, for side effects or dynamically. */
export function importsOf(text: string): readonly string[] {
  return importForms.flatMap(form => [...text.matchAll(form)].map(match => match[1] ?? ''));
}

/** All files below `root`, relative, with `/`; `node_modules` and hidden folders are left out. */
export function filesBelow(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter(path => !path.split('/').some(part => part === 'node_modules' || part.startsWith('.')))
    .toSorted();
}

/** All TypeScript modules of a tree. */
export function readModules(root: string): readonly Module[] {
  return filesBelow(root)
    .filter(path => path.endsWith('.ts'))
    .map(path => {
      const text = readFileSync(join(root, path), 'utf8');
      return {
        path,
        folder: path.split('/')[0] ?? path,
        isTest: path.endsWith('.test.ts'),
        lines: text.split('\n').length - 1,
        imports: importsOf(text),
      };
    });
}

/** Where an import leads: a folder (or root file) of the tree, a package, or outside the tree. */
export type Destination =
  | { readonly kind: 'folder'; readonly name: string }
  | { readonly kind: 'package'; readonly name: string }
  | { readonly kind: 'node'; readonly name: string }
  | { readonly kind: 'outside'; readonly name: string };

/** Resolves a specifier by its text alone; no file has to exist. */
export function destinationOf(module: Module, specifier: string): Destination {
  if (specifier.startsWith('node:')) return { kind: 'node', name: specifier };
  if (!specifier.startsWith('.')) {
    const parts = specifier.split('/');
    return { kind: 'package', name: parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/') };
  }
  const target = join(dirname(module.path), specifier).split(sep).join('/');
  if (target.startsWith('..')) return { kind: 'outside', name: target };
  return { kind: 'folder', name: target.split('/')[0] ?? target };
}
