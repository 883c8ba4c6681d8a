import { existsSync, rmSync, statSync } from 'node:fs';
import { link, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { checkCopy } from './copy-check.ts';
import type { Database } from './database.ts';
import { freeBytes, fullStore, storeFault } from './sqlite-faults.ts';

/** Pages a step; between steps node looks whether it went well. */
const PAGES = 256;

/**
 * Copies the whole store, as it is now, into a new file of mode 0600 while work goes on. The file gets its name when it
 * is whole, checked and on the disk; until then it is `FILE.part`, and nothing of that is left after a failure.
 * Throws `store.unusable`, `store.full`, `store.corrupt`.
 */
export async function copyStore(database: Database, file: string): Promise<{ readonly bytes: number }> {
  if (existsSync(file)) throw unwritable(file, 'it exists already');
  const part = `${file}.part`;
  await makeEmpty(part);
  try {
    await copyPages(database, part);
    await checkCopy(database.file, part);
    const { size } = statSync(part);
    await giveName(part, file);
    return { bytes: size };
  } catch (thrown) {
    throw storeFault(thrown, part);
  } finally {
    for (const each of [part, `${part}-journal`]) rmSync(each, { force: true });
  }
}

/**
 * Through a connection of its own that reads one snapshot: `backup()` of node:sqlite over the connection that writes
 * fails with "not an error" when its first step falls into a transaction. SQLite answers BUSY; node asks again only
 * when pages remain, and before the first step none are known (node 24 and 26; oven-sh/bun#34466 explains it). Without
 * the snapshot, each write of the other connection would make the copy begin anew.
 */
async function copyPages(database: Database, part: string): Promise<void> {
  if (database.file === ':memory:') {
    database.run('VACUUM INTO ?', part);
    return;
  }
  const reader = new DatabaseSync(database.file, { readOnly: true, timeout: 5_000 });
  try {
    // a transaction begins with its first read
    reader.exec('BEGIN; SELECT count(*) FROM sqlite_schema');
    await backup(reader, part, { rate: PAGES });
  } finally {
    reader.close();
  }
}

/** SQLite has synced the copy; its name is given once, to a whole file, and never taken from another. */
async function giveName(part: string, file: string): Promise<void> {
  try {
    await link(part, file);
    await unlink(part);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'EEXIST' || existsSync(file)) throw unwritable(file, 'it exists already', thrown);
    // a file system without hard links
    await rename(part, file);
  }
  const folder = await open(dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function makeEmpty(part: string): Promise<void> {
  try {
    await (await open(part, 'wx', 0o600)).close();
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    if (code === 'ENOSPC') throw fullStore(part, freeBytes(dirname(part)), thrown);
    if (code === 'EEXIST') {
      const why = 'another backup is writing it, or one was cut off there';
      throw unwritable(part, why, thrown, `When no backup is being made, remove ${part}.`);
    }
    throw unwritable(part, `it cannot be made (${code ?? String(thrown)})`, thrown);
  }
}

const unwritable = (
  file: string,
  why: string,
  cause?: unknown,
  hint = 'Name a file that does not exist, in a folder you may write to.',
): DeckhandError =>
  new DeckhandError('store.unusable', `The backup ${file} cannot be written: ${why}.`, {
    details: { path: file },
    hint,
    cause,
  });
