import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { sqliteCode, storeFault } from './sqlite-faults.ts';
import { prepareFile } from './store-folder.ts';

const BUSY = 5;
/** Milliseconds: whoever asks at the same time and does not get it is gone by then. */
const WAIT = 50;

export interface OwnerLock {
  /** The owner before did not close the store: it was killed, or the power failed. */
  readonly unclean: boolean;
  release(): void;
}

/**
 * Makes this process the one owner of the folder's store. The lock is a file lock that the kernel drops with the
 * process, however it ends; it is never taken from somebody else. Throws `store.locked`.
 *
 * The lock file must never be opened by other means in this process: closing any descriptor of it would drop the lock.
 */
export function takeOwnership(
  folder: string,
  { now, serves = false }: { readonly now: () => number; readonly serves?: boolean },
): OwnerLock {
  const file = prepareFile(folder, 'owner.lock');
  const note = join(folder, 'owner.json');
  const lock = new DatabaseSync(file, { timeout: WAIT });
  try {
    // the open transaction is the lock; a locking mode would keep a shared one before it, and two who do would both fail
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (thrown) {
    lock.close();
    throw sqliteCode(thrown) === BUSY ? lockedBy(folder, readNote(note)) : storeFault(thrown, file);
  }
  const unclean = readNote(note) !== null;
  writeNote(note, { pid: process.pid, since: new Date(now()).toISOString(), serves });
  return {
    unclean,
    release: () => {
      rmSync(note, { force: true });
      lock.close();
    },
  };
}

/** The process that owns the folder's store, or owned it when it was killed; null: it was closed, or there is none. */
export function ownerOf(folder: string): Owner | null {
  return readNote(join(folder, 'owner.json'));
}

interface Owner {
  readonly pid: number;
  readonly since: string;
  /** It answers others who want the store, once it has opened it. */
  readonly serves: boolean;
}

/** Says who it is, and is no lock: a full file system must not keep the owner from work that was accepted. */
function writeNote(file: string, note: Owner): void {
  try {
    writeFileSync(file, `${JSON.stringify(note)}\n`, { mode: 0o600 });
  } catch {
    rmSync(file, { force: true });
  }
}

function readNote(file: string): Owner | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner;
  } catch {
    return null;
  }
}

function lockedBy(folder: string, note: Owner | null): DeckhandError {
  const who = note ? `process ${note.pid}, since ${note.since}` : 'another process';
  return new DeckhandError('store.locked', `The store in ${folder} is owned by ${who}.`, {
    details: { path: folder, ...(note && { pid: note.pid, since: note.since }) },
  });
}
