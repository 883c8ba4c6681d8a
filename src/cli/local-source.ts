import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { LocalSource } from './placement.ts';

/**
 * What a path of this machine is, links followed. Throws `local.file-missing` when nothing is there or it
 * cannot be read, `input.invalid` for what is neither a file nor a folder.
 */
export async function localSource(folder: string, path: string): Promise<LocalSource> {
  const type = await typeOf(folder, path);
  if (type === 'missing')
    throw new DeckhandError('local.file-missing', `There is no '${path}' on this machine.`);
  if (type === 'other') throw new DeckhandError('input.invalid', `'${path}' is neither a file nor a folder.`);
  return { path, type };
}

/** The same, where nothing may be there yet. Throws `local.file-missing` when it cannot be looked at. */
export async function typeOf(
  folder: string,
  path: string,
): Promise<'file' | 'directory' | 'other' | 'missing'> {
  try {
    const found = await stat(resolve(folder, path));
    if (found.isDirectory()) return 'directory';
    return found.isFile() ? 'file' : 'other';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENOENT') return 'missing';
    if (code === 'ENOTDIR')
      throw new DeckhandError('local.file-missing', `'${path}' leads through something that is no folder.`);
    throw new DeckhandError('local.file-missing', `'${path}' cannot be looked at: ${code}.`, {
      cause: error,
    });
  }
}
