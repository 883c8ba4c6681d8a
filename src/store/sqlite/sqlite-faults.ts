import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DeckhandError, type ErrorRecord } from '../../core/deckhand-error.ts';

/** Primary result codes of SQLite; an extended code carries one of them in its low byte. */
const NO_ERROR = 0;
const BUSY = 5;
const LOCKED = 6;
const READ_ONLY = 8;
const INPUT_OUTPUT = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NO_DATABASE = 26;

/** Less than this free counts as full when SQLite can only say that a write failed. */
const NOTHING_FREE = 64 * 1024;

/** The primary result code of an error from node:sqlite; null when it is something else. */
export function sqliteCode(thrown: unknown): number | null {
  if (!(thrown instanceof Error) || !('errcode' in thrown) || typeof thrown.errcode !== 'number') return null;
  return thrown.errcode & 0xff;
}

/** Bytes that may still be written to the file system of `path`. Infinity where that cannot be known. */
export function freeBytes(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** `file` cannot be read; it was left as it is. */
export function corruptStore(file: string, why: string, cause?: unknown): DeckhandError {
  return new DeckhandError('store.corrupt', `The store ${file} is damaged (${why}); it was left untouched.`, {
    details: { path: file },
    hint: `Move ${file} and its -wal and -shm files aside, then copy a backup to ${file}; \`deckhand store backup\` makes one.`,
    cause,
  });
}

export function fullStore(file: string, free: number, cause?: unknown): DeckhandError {
  const room = Number.isFinite(free) ? `; ${Math.floor(free / 1024)} KiB are free` : '';
  return new DeckhandError('store.full', `No room is left for the store ${file}${room}.`, {
    details: { path: file, ...(Number.isFinite(free) && { freeBytes: free }) },
    cause,
  });
}

/** What SQLite throws, in the words of the error table, by its number and never by its text; others pass unchanged. */
export function storeFault(thrown: unknown, file: string): unknown {
  const code = sqliteCode(thrown);
  if (code === null) return thrown;
  // "not an error": the backup() of node was answered BUSY before its first page, and asked the wrong connection why
  const text = code === NO_ERROR ? 'it is locked by another process' : (thrown as Error).message;
  if (code === CORRUPT || code === NO_DATABASE) return corruptStore(file, text, thrown);
  const free = file === ':memory:' ? Number.POSITIVE_INFINITY : freeBytes(dirname(file));
  if (code === FULL) return fullStore(file, free, thrown);
  if (code === INPUT_OUTPUT && free < NOTHING_FREE) return fullStore(file, free, thrown);
  if ([NO_ERROR, BUSY, LOCKED, READ_ONLY, INPUT_OUTPUT, CANNOT_OPEN].includes(code)) {
    return new DeckhandError('store.unusable', `The store ${file} cannot be used: ${text}.`, {
      details: { path: file, sqlite: code },
      cause: thrown,
    });
  }
  return new DeckhandError('internal.defect', `The store ${file} refused a statement: ${text}.`, {
    details: { path: file, sqlite: code },
    cause: thrown,
  });
}

/** An error as it is kept in a row. */
export function errorRecord(...args: ConstructorParameters<typeof DeckhandError>): ErrorRecord {
  return new DeckhandError(...args).toJSON();
}
