import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { DeckhandError } from '../core/deckhand-error.ts';
import { parseRunbook, type Runbook } from './runbook.ts';

/** The runbooks that come with Deckhand; the same place from `src/` and from `dist/`. */
const SHIPPED_FOLDER = fileURLToPath(new URL('../../runbooks/', import.meta.url));

/**
 * Every runbook of the shipped folder and of the user's folders, sorted by name. A user's runbook
 * replaces a shipped one of the same name; two of one name in the same folder are an error.
 * A user folder that does not exist is empty. Throws `runbook.invalid` naming file, line and field.
 */
export async function loadRunbooks(
  userFolders: readonly string[] = [],
  shippedFolder: string = SHIPPED_FOLDER,
): Promise<readonly Runbook[]> {
  const byName = new Map<string, Runbook>();
  for (const folder of [shippedFolder, ...userFolders]) {
    const here = new Map<string, Runbook>();
    for (const file of await listFiles(folder)) {
      const runbook = parseRunbook(await readText(file), file);
      const twin = here.get(runbook.name);
      if (twin) {
        throw new DeckhandError(
          'runbook.invalid',
          `${file}: name: '${runbook.name}' is also in ${twin.file}.`,
        );
      }
      here.set(runbook.name, runbook);
    }
    for (const [name, runbook] of here) byName.set(name, runbook);
  }
  return [...byName.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** The runbook of this name. Throws `runbook.unknown` naming those there are. */
export function findRunbook(runbooks: readonly Runbook[], name: string): Runbook {
  const found = runbooks.find(runbook => runbook.name === name);
  if (found) return found;
  const known = runbooks.map(runbook => runbook.name).join(', ');
  throw new DeckhandError('runbook.unknown', `There is no runbook '${name}'; there are: ${known}.`);
}

async function listFiles(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter(name => /\.ya?ml$/.test(name))
      .sort()
      .map(name => path.join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new DeckhandError('local.file-missing', `${folder}: ${(error as Error).message}`, { cause: error });
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new DeckhandError('local.file-missing', `${file}: ${(error as Error).message}`, { cause: error });
  }
}
