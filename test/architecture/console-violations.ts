import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { destinationOf, filesBelow, importsOf, type Module } from './read-modules.ts';
import { CONSOLE_BASE, CONSOLE_PACKAGES, LONGEST_FILE } from './rules.ts';

/** What would make text of a host into markup or code. */
const MARKUP =
  /dangerouslySetInnerHTML|\b(?:inner|outer)HTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function\(/;

/** Every broken rule of the console's sources, one sentence each. Throws when no module was seen. */
export function consoleViolations(root: string): readonly string[] {
  const modules = filesBelow(root)
    .filter(path => /\.tsx?$/.test(path) && !path.endsWith('.d.ts'))
    .map(path => ({ ...moduleOf(root, path), text: readFileSync(join(root, path), 'utf8') }));
  if (modules.length === 0) throw new Error(`No module was seen under ${root}.`);
  return modules.flatMap(module => [
    ...importFaults(module),
    ...(MARKUP.test(module.text) ? [`${module.path}: makes markup or code out of text.`] : []),
    ...(module.lines > LONGEST_FILE
      ? [`${module.path}: ${module.lines} lines, more than ${LONGEST_FILE}.`]
      : []),
  ]);
}

function moduleOf(root: string, path: string): Module {
  const text = readFileSync(join(root, path), 'utf8');
  return {
    path,
    folder: path.split('/')[0] ?? path,
    isTest: /\.test\.tsx?$/.test(path),
    lines: text.split('\n').length - 1,
    imports: importsOf(text),
  };
}

function importFaults(module: Module): readonly string[] {
  const mayImport = CONSOLE_BASE[module.folder];
  return module.imports.flatMap(specifier => {
    const target = destinationOf(module, specifier);
    const fault = (reason: string): readonly string[] => [
      `${module.path}: imports '${specifier}': ${reason}`,
    ];
    if (target.kind === 'outside') return fault('the console knows deckhand/client only.');
    if (target.kind === 'node') return fault('browsers have no such module.');
    if (target.kind === 'package')
      return CONSOLE_PACKAGES.includes(target.name) || (module.isTest && target.name === 'vitest')
        ? []
        : fault('it is none of the packages of the console.');
    const isFree =
      mayImport === undefined || target.name === module.folder || mayImport.includes(target.name);
    return isFree ? [] : fault(`${module.folder} may import ${mayImport.join(', ') || 'nothing'}.`);
  });
}
