import { chmodSync, existsSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { backup } from 'node:sqlite';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { Database, Row } from './database.ts';
import { freeBytes, fullStore, storeFault } from './sqlite-faults.ts';
import { dirname } from 'node:path';

/** Pages a step; between steps others work. */
const PAGES = 256;

/** Copies the whole store into a new file of mode 0600 while work goes on. A copy that failed is removed. */
export async function copyStore(database: Database, file: string): Promise<{ readonly bytes: number }> {
  await makeEmpty(file);
  try {
    await backup(database.connection, file, { rate: PAGES });
    // SQLite has synced the copy; what is left is to keep it from others.
    chmodSync(file, 0o600);
    return { bytes: statSync(file).size };
  } catch (thrown) {
    for (const each of [file, `${file}-journal`]) rmSync(each, { force: true });
    throw storeFault(thrown, file);
  }
}

async function makeEmpty(file: string): Promise<void> {
  try {
    await (await open(file, 'wx', 0o600)).close();
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    if (code === 'ENOSPC') throw fullStore(file, freeBytes(dirname(file)), thrown);
    const why = existsSync(file) ? 'it exists already' : `it cannot be made (${code ?? String(thrown)})`;
    throw new DeckhandError('store.unusable', `The backup ${file} cannot be written: ${why}.`, {
      details: { path: file },
      hint: 'Name a file that does not exist, in a folder you may write to.',
      cause: thrown,
    });
  }
}

/** What is wrong with the store, in words; empty = sound. Reads every page. */
export function faultsOf(database: Database): readonly string[] {
  const integrity = database.all('PRAGMA integrity_check').map(row => String(Object.values(row)[0]));
  const found = integrity.filter(line => line !== 'ok');
  for (const row of database.all('PRAGMA foreign_key_check')) {
    found.push(
      `A row of ${String(row['table'])} belongs to a row of ${String(row['parent'])} that is not there.`,
    );
  }
  for (const { sql, words } of RULES) for (const row of database.all(sql)) found.push(words(row));
  return found;
}

/** What must hold between tables. */
const RULES: readonly { readonly sql: string; readonly words: (row: Row) => string }[] = [
  {
    sql: `SELECT id, last_seq, count(event.seq) AS events, max(event.seq) AS newest FROM task
      LEFT JOIN event ON event.task = task.number GROUP BY task.number
      HAVING events <> last_seq OR newest IS NOT last_seq`,
    words: row =>
      `Task ${String(row['id'])} has ${String(row['events'])} events, not ${String(row['last_seq'])}.`,
  },
  {
    sql: `SELECT state, count(*) AS tasks FROM task GROUP BY state
      HAVING tasks <> coalesce((SELECT value FROM tally WHERE kind = 'state' AND key = state), 0)`,
    words: row => `The sum of ${String(row['state'])} tasks is not ${String(row['tasks'])}.`,
  },
  {
    sql: `SELECT id FROM task WHERE state = 'blocked' AND deps_left <> (SELECT count(*) FROM task_dep
      JOIN task AS dep ON dep.number = task_dep.dep WHERE task_dep.task = task.number AND dep.finished_at IS NULL)`,
    words: row => `Task ${String(row['id'])} waits for another number of tasks than have not ended.`,
  },
];
