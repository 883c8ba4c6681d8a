import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Store } from '../store.ts';
import { Database } from './database.ts';
import { takeOwnership } from './owner-lock.ts';
import { corruptStore, storeFault } from './sqlite-faults.ts';
import { SqliteStore } from './sqlite-store.ts';
import { prepareFile, prepareFolder } from './store-folder.ts';

export interface OpenStoreOptions {
  /** Made with mode 0700 where it is missing. */
  readonly folder: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Bytes of the file system that submissions leave free. Default 16 MiB. */
  readonly reserve?: number;
  /** The process will answer others who want the store. */
  readonly serves?: boolean;
}

const RESERVE = 16 * 1024 * 1024;
/** Up to this size every page is looked at each time; up to the larger one only when the last owner did not close it. */
const ALWAYS_CHECKED = 16 * 1024 * 1024;
const CHECKED_AFTER_CRASH = 64 * 1024 * 1024;

/**
 * Opens the store `deckhand.db` in a folder and owns it until it is disposed of, or the process ends.
 * Throws `store.unusable`, `store.locked`, `store.newer`, `store.corrupt`, `store.full`.
 */
export async function openSqliteStore(options: OpenStoreOptions): Promise<Store> {
  const folder = prepareFolder(options.folder);
  const owner = takeOwnership(folder, options);
  try {
    const file = prepareFile(folder, 'deckhand.db');
    refuseDamaged(file, owner.unclean);
    const database = new Database(file);
    return new SqliteStore(database, {
      reserve: options.reserve ?? RESERVE,
      release: () => owner.release(),
    });
  } catch (thrown) {
    owner.release();
    throw thrown;
  }
}

/** A store that lasts as long as it is open: for tests and the demonstration. */
export async function openMemoryStore(): Promise<Store> {
  return new SqliteStore(new Database(':memory:'), { reserve: 0, release: () => undefined });
}

/** Looks before anything is written, through a connection that cannot write: a damaged file stays as it is. */
function refuseDamaged(file: string, unclean: boolean): void {
  const { size } = statSync(file);
  if (size === 0) return;
  let look: DatabaseSync | undefined;
  try {
    look = new DatabaseSync(file, { readOnly: true });
    look.prepare('SELECT count(*) FROM sqlite_schema').get();
    if (size > (unclean ? CHECKED_AFTER_CRASH : ALWAYS_CHECKED)) return;
    const answer = String(look.prepare('PRAGMA quick_check(1)').get()?.['quick_check']);
    if (answer !== 'ok') throw corruptStore(file, answer.split('\n')[0] ?? answer);
  } catch (thrown) {
    throw storeFault(thrown, file);
  } finally {
    look?.close();
  }
}
