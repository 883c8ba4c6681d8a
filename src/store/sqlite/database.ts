import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { MIGRATIONS } from './schema.ts';
import { storeFault } from './sqlite-faults.ts';

export type Row = Readonly<Record<string, unknown>>;
type Value = SQLInputValue;

/** Milliseconds that a statement waits for another reader of the file, e.g. a person's sqlite3. */
const BUSY_TIMEOUT = 5_000;
/** Bytes the write-ahead log is cut back to after a checkpoint. */
const LONGEST_LOG = 64 * 1024 * 1024;

/** One connection with its statements kept ready; everything SQLite throws comes out as a `DeckhandError`. */
export class Database {
  readonly file: string;
  readonly connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** Opens or creates the file and brings its tables up to date. Throws `store.newer`, `store.corrupt`. */
  constructor(file: string) {
    this.file = file;
    try {
      this.connection = new DatabaseSync(file, { timeout: BUSY_TIMEOUT });
    } catch (thrown) {
      throw storeFault(thrown, file);
    }
    try {
      this.#prepareFile();
    } catch (thrown) {
      this.connection.close();
      throw thrown;
    }
  }

  #prepareFile(): void {
    const version = Number(this.one('PRAGMA user_version')?.['user_version']);
    if (version > MIGRATIONS.length) {
      throw new DeckhandError(
        'store.newer',
        `The store ${this.file} has version ${version}; this Deckhand knows ${MIGRATIONS.length}.`,
        { details: { path: this.file, found: version, known: MIGRATIONS.length } },
      );
    }
    // FULL: the log is synced at each commit; an acknowledged write survives a power cut.
    this.execute(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
      PRAGMA journal_size_limit = ${LONGEST_LOG}; PRAGMA cache_size = -16000;`);
    for (let next = version; next < MIGRATIONS.length; next += 1) {
      this.transaction(() => {
        this.execute(MIGRATIONS[next] ?? '');
        this.execute(`PRAGMA user_version = ${next + 1}`);
      });
    }
  }

  /** All or nothing; a rollback leaves nothing behind. */
  transaction<Result>(work: () => Result): Result {
    this.execute('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.execute('COMMIT');
      return result;
    } catch (thrown) {
      // SQLite ends a transaction by itself when the disk is full.
      if (this.connection.isTransaction) this.connection.exec('ROLLBACK');
      throw thrown;
    }
  }

  execute(sql: string): void {
    this.#guarded(() => this.connection.exec(sql));
  }
  /** Gives the rows that changed and the row id of the last insert. */
  run(sql: string, ...values: readonly Value[]): { readonly changes: number; readonly number: number } {
    const done = this.#guarded(() => this.#statement(sql).run(...values));
    return { changes: Number(done.changes), number: Number(done.lastInsertRowid) };
  }
  one(sql: string, ...values: readonly Value[]): Row | undefined {
    return this.#guarded(() => this.#statement(sql).get(...values));
  }
  all(sql: string, ...values: readonly Value[]): readonly Row[] {
    return this.#guarded(() => this.#statement(sql).all(...values));
  }

  close(): void {
    this.#statements.clear();
    if (this.connection.isOpen) this.connection.close();
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.connection.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #guarded<Result>(work: () => Result): Result {
    if (!this.connection.isOpen) {
      throw new DeckhandError('store.unusable', `The store ${this.file} was closed.`, {
        details: { path: this.file },
      });
    }
    try {
      return work();
    } catch (thrown) {
      throw storeFault(thrown, this.file);
    }
  }
}
