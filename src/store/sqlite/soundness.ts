import type { Database, Row } from './database.ts';

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
