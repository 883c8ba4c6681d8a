import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { destinationOf, filesBelow, readModules, type Module } from './read-modules.ts';
import { INPUT_OUTPUT, LONGEST_FILE, MAY_IMPORT, MAY_USE, NAMELESS } from './rules.ts';

/** Every broken rule of a source tree, one sentence each. Throws when no module was seen: silence proves nothing. */
export function violationsOf(root: string): readonly string[] {
  const modules = readModules(root);
  if (modules.length === 0) throw new Error(`No module was seen under ${root}.`);
  return [
    ...modules.flatMap(importViolations),
    ...cycleViolations(modules),
    ...lengthViolations(modules),
    ...folderNameViolations(root),
    ...readmeViolations(root, modules),
  ];
}

function importViolations(module: Module): readonly string[] {
  const allowed = MAY_IMPORT[module.folder];
  if (!allowed) return [`${module.path}: '${module.folder}' has no row in MAY_IMPORT.`];
  return module.imports.flatMap(specifier => {
    const target = destinationOf(module, specifier);
    const fault = (reason: string): string[] => [`${module.path}: imports '${specifier}': ${reason}`];
    if (target.kind === 'node') {
      return module.folder === 'core' && !module.isTest && INPUT_OUTPUT.includes(target.name)
        ? fault('core does no I/O.')
        : [];
    }
    if (target.kind === 'outside') return module.isTest ? [] : fault('it lies outside of src.');
    if (target.kind === 'package') {
      if (module.isTest && ['vitest', 'fast-check'].includes(target.name)) return [];
      const home = MAY_USE[target.name];
      return home === module.folder ? [] : fault(home ? `it lives in ${home}.` : 'it has no row in MAY_USE.');
    }
    if (target.name === module.folder || allowed.includes(target.name)) return [];
    if (module.isTest && target.name === 'testing') return [];
    return fault(`${module.folder} may import ${allowed.join(', ') || 'nothing'}.`);
  });
}

function cycleViolations(modules: readonly Module[]): readonly string[] {
  const edges = new Map<string, Set<string>>();
  for (const module of modules.filter(each => !each.isTest)) {
    const targets = edges.get(module.folder) ?? new Set();
    for (const specifier of module.imports) {
      const target = destinationOf(module, specifier);
      if (target.kind === 'folder' && target.name !== module.folder) targets.add(target.name);
    }
    edges.set(module.folder, targets);
  }
  const found: string[] = [];
  const finished = new Set<string>();
  const visit = (folder: string, path: readonly string[]): void => {
    const start = path.indexOf(folder);
    if (start >= 0) {
      found.push(`Folders import each other in a circle: ${[...path.slice(start), folder].join(' → ')}.`);
    } else if (!finished.has(folder)) {
      for (const target of edges.get(folder) ?? []) visit(target, [...path, folder]);
      finished.add(folder);
    }
  };
  for (const folder of edges.keys()) visit(folder, []);
  return found;
}

function lengthViolations(modules: readonly Module[]): readonly string[] {
  return modules
    .filter(module => module.lines > LONGEST_FILE)
    .map(module => `${module.path}: ${module.lines} lines, more than ${LONGEST_FILE}.`);
}

/** Also used for `test/` and `bench/`. */
export function folderNameViolations(root: string): readonly string[] {
  const folders = new Set(
    filesBelow(root).flatMap(path => {
      const parts = path.split('/').slice(0, -1);
      return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
    }),
  );
  return [...folders]
    .filter(folder => NAMELESS.includes(folder.split('/').at(-1) ?? ''))
    .map(folder => `${folder}/: the folder's name says nothing of what is inside.`);
}

function readmeViolations(root: string, modules: readonly Module[]): readonly string[] {
  const folders = [...new Set(modules.filter(module => module.path.includes('/')).map(each => each.folder))];
  return folders.flatMap(folder => {
    const path = join(root, folder, 'README.md');
    if (!existsSync(path)) return [`${folder}/: has no README.md.`];
    const paragraph = firstParagraph(readFileSync(path, 'utf8'));
    return isOneSentence(paragraph)
      ? []
      : [`${folder}/README.md: the first paragraph is not one sentence: '${paragraph}'`];
  });
}

/** The first paragraph that is not a heading, on one line. */
export function firstParagraph(markdown: string): string {
  const paragraphs = markdown.split(/\n\s*\n/).map(each => each.trim().replaceAll('\n', ' '));
  return paragraphs.find(each => each !== '' && !each.startsWith('#')) ?? '';
}

/** Ends with a full stop, and no full stop within it is followed by a new sentence. */
export function isOneSentence(text: string): boolean {
  return text.endsWith('.') && !/[.!?]\s+[A-Z]/.test(text);
}
