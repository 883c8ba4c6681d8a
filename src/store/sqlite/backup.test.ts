import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { DeckhandError } from '../../core/deckhand-error.ts';
import { copyStore } from './backup.ts';
import { Database } from './database.ts';
import { storeFault } from './sqlite-faults.ts';

const PAGE = 4096;
let root = '';
let database: Database;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'deckhand-backup-'));
  database = new Database(join(root, 'deckhand.db'));
  database.execute(`CREATE TABLE sample (text TEXT);
    WITH RECURSIVE row (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM row WHERE n < 1000)
    INSERT INTO sample SELECT hex(zeroblob(1000)) FROM row`);
});
afterEach(() => {
  database.close();
  rmSync(root, { recursive: true, force: true });
});

const target = (): string => join(root, 'copy.db');
const rowsOf = (file: string): unknown => {
  using copy = new DatabaseSync(file, { readOnly: true });
  return copy.prepare('SELECT count(*) AS rows FROM sample').get()?.['rows'];
};
const left = (): readonly string[] => readdirSync(root).filter(name => name.startsWith('copy'));

it('is made whole while a transaction is open, and holds nothing of it', async () => {
  database.execute("BEGIN IMMEDIATE; INSERT INTO sample VALUES ('not yet')");
  const { bytes } = await copyStore(database, target());
  database.execute('COMMIT');
  expect(bytes).toBe(statSync(target()).size);
  expect(left()).toEqual(['copy.db']);
  expect(rowsOf(target())).toBe(1000);
});

it('has its name only when it is whole', async () => {
  const copied = copyStore(database, target());
  const seen = new Set<boolean>();
  const copying = { isDone: false };
  const watch = async (): Promise<void> => {
    while (!copying.isDone) {
      if (existsSync(target())) seen.add(rowsOf(target()) === 1000);
      await new Promise(resolve => setImmediate(resolve));
    }
  };
  await Promise.all([copied.finally(() => (copying.isDone = true)), watch()]);
  expect([...seen].filter(isWhole => !isWhole)).toEqual([]);
  expect(rowsOf(target())).toBe(1000);
});

it('of a store with a damaged page is refused and removed', async () => {
  database.execute('PRAGMA wal_checkpoint(TRUNCATE)');
  const { pages } = database.one('SELECT page_count AS pages FROM pragma_page_count') as { pages: number };
  const file = openSync(database.file, 'r+');
  writeSync(file, Buffer.alloc(PAGE, 0xaa), 0, PAGE, (pages - 3) * PAGE);
  closeSync(file);
  await expect(copyStore(database, target())).rejects.toMatchObject({
    code: 'store.corrupt',
    hint: expect.stringContaining('deckhand doctor'),
  });
  expect(left()).toEqual([]);
});

it('leaves alone what has the name already, and what is being written', async () => {
  writeFileSync(target(), 'kept');
  await expect(copyStore(database, target())).rejects.toMatchObject({ code: 'store.unusable' });
  rmSync(target());
  writeFileSync(`${target()}.part`, 'of another');
  await expect(copyStore(database, target())).rejects.toMatchObject({
    code: 'store.unusable',
    hint: `When no backup is being made, remove ${target()}.part.`,
  });
  expect(left()).toEqual(['copy.db.part']);
});

it('takes no name that was given away meanwhile', async () => {
  const copied = copyStore(database, target());
  writeFileSync(target(), 'kept');
  await expect(copied).rejects.toMatchObject({ code: 'store.unusable' });
  expect(left()).toEqual(['copy.db']);
  expect(statSync(target()).size).toBe(4);
});

it('says what is in the way when node has lost the reason of SQLite', () => {
  const lost = Object.assign(new Error('not an error'), { code: 'ERR_SQLITE_ERROR', errcode: 0 });
  const said = storeFault(lost, target()) as DeckhandError;
  expect(said).toMatchObject({ code: 'store.unusable', details: { path: target() } });
  expect(said.message).toContain('locked by another process');
});

it('is made of a store in memory', async () => {
  const memory = new Database(':memory:');
  memory.execute("CREATE TABLE sample (text TEXT); INSERT INTO sample VALUES ('one')");
  await copyStore(memory, target());
  memory.close();
  expect(rowsOf(target())).toBe(1);
});
