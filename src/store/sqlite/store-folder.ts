import { chmodSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { freeBytes, fullStore } from './sqlite-faults.ts';

/** Makes the folder (0700) where it is missing, and refuses one that others own, read or write. Gives its absolute path. */
export function prepareFolder(folder: string): string {
  const path = resolve(folder);
  const why = (thrown: unknown): unknown => {
    const code = (thrown as NodeJS.ErrnoException).code;
    if (code === 'ENOSPC') return fullStore(path, freeBytes('/'), thrown);
    return unusable(
      path,
      `cannot be made or read (${code ?? String(thrown)})`,
      'Name a folder that you may write to.',
    );
  };
  let made: string | undefined;
  try {
    made = mkdirSync(path, { recursive: true, mode: 0o700 });
    // A umask can only take rights away, but a parent's default ACL can add some.
    if (made !== undefined) chmodSync(path, 0o700);
  } catch (thrown) {
    throw why(thrown);
  }
  refuseForeign(path);
  return path;
}

function refuseForeign(path: string): void {
  const found = statSync(path);
  const user = process.getuid?.();
  if (!found.isDirectory()) throw unusable(path, 'is not a folder', 'Name a folder.');
  if (user !== undefined && found.uid !== user) {
    throw unusable(
      path,
      `belongs to user ${found.uid}, not to you (${user})`,
      `Use a folder of your own, or run \`sudo chown -R ${user} ${path}\` if nobody else needs it.`,
    );
  }
  if ((found.mode & 0o077) !== 0) {
    const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
    throw unusable(path, `has mode ${mode}: others may read or change it`, `Run \`chmod 700 ${path}\`.`);
  }
}

/** The store's file in the folder, made empty (0600) if it is not there: SQLite gives its side files the same mode. */
export function prepareFile(folder: string, name: string): string {
  const file = join(folder, name);
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    if (code === 'ENOSPC') throw fullStore(file, freeBytes(folder), thrown);
    if (code !== 'EEXIST') {
      throw unusable(file, `cannot be made (${code ?? String(thrown)})`, 'Correct the folder.');
    }
    chmodSync(file, 0o600);
  }
  return file;
}

function unusable(path: string, why: string, hint: string): DeckhandError {
  return new DeckhandError('store.unusable', `${path} ${why}.`, { details: { path }, hint });
}
