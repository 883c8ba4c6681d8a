import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { TaskKind } from '../tasks/task-kind.ts';
import { TaskRegistry } from '../tasks/task-registry.ts';
import { BUILT_IN_KINDS } from './kinds.ts';

/** Modules with kinds of task of the person's own, separated by colons; each exports `kinds`. */
const PLUGINS = 'DECKHAND_PLUGINS';

/**
 * The built-in kinds and those of plug-ins. The daemon and each executor load them, as they load us.
 * Throws `settings.invalid` for a plug-in that cannot be loaded.
 */
export async function openRegistry(environment: NodeJS.ProcessEnv = process.env): Promise<TaskRegistry> {
  const registry = new TaskRegistry(BUILT_IN_KINDS);
  const files = (environment[PLUGINS] ?? '').split(':').filter(file => file !== '');
  for (const file of files) for (const kind of await kindsOf(file)) registry.add(kind);
  return registry;
}

async function kindsOf(file: string): Promise<readonly TaskKind[]> {
  if (!isAbsolute(file)) throw broken(file, 'its path is not absolute');
  let module: { readonly kinds?: unknown };
  try {
    module = (await import(pathToFileURL(resolve(file)).href)) as { readonly kinds?: unknown };
  } catch (error) {
    throw broken(file, error instanceof Error ? error.message : String(error), error);
  }
  if (!Array.isArray(module.kinds)) throw broken(file, "it exports no list 'kinds'");
  return module.kinds as readonly TaskKind[];
}

function broken(file: string, why: string, cause?: unknown): DeckhandError {
  return new DeckhandError('settings.invalid', `${PLUGINS}: ${file}: ${why}.`, { details: { file }, cause });
}
