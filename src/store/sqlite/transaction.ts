import type { OutputPiece, TaskEvent, TaskEventBody } from '../../core/task-event.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { TaskRecord } from '../../core/task.ts';
import type { Committed, OutputChunk } from '../store.ts';
import type { Database } from './database.ts';
import { RECORD_QUERY, readTaskRecord, readTaskRow, type TaskRow } from './task-row.ts';

/** Sums of `tally`: the key of each kind is a state, a code, a minute, a bucket or a name. */
export type TallyKind =
  | 'state'
  | 'error'
  | 'minute-finished'
  | 'minute-failed'
  | 'duration'
  | 'duration-sum'
  | 'retries';

const SMALL_UPDATE = `UPDATE task SET phase = ?, claim = ?, crashes = ?, executor = ?, begun = ?, cancel_asked = ?,
  pause_asked = ?, progress = ?, last_seq = ?, output_seq = ?, stdout_length = ?, stderr_length = ?,
  deps_left = ?, started_at = ?, attempt = ?, result = ?, error = ?, error_code = ?, priority = ? WHERE number = ?`;
/** Columns of an index: written only when one of them changed. */
const PLACE_UPDATE = 'UPDATE task SET state = ?, run_after = ?, order_key = ? WHERE number = ?';
const END_UPDATE = 'UPDATE task SET finished_at = ?, duration = ? WHERE number = ?';

/**
 * What one transaction has read and changed. Rows are kept until `flush`, so that a hundred writes to one task
 * are one UPDATE; events and output are inserted at once and told to watchers after the commit.
 */
export class Transaction {
  readonly database: Database;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly #time: string;
  readonly #rows = new Map<number, TaskRow>();
  readonly #numbers = new Map<string, number>();
  readonly #changed = new Set<TaskRow>();
  /** What stood in the indexed columns when the row was read. */
  readonly #places = new Map<number, string>();
  readonly #tallies = new Map<TallyKind, Map<string | number, number>>();
  readonly #events: TaskEvent[] = [];
  readonly #output: OutputChunk[] = [];

  constructor(database: Database, now: number) {
    this.database = database;
    this.now = now;
    this.#time = new Date(now).toISOString();
  }

  get committed(): Committed {
    return { events: this.#events, output: this.#output };
  }

  find(id: string): TaskRow | undefined {
    const number = this.#numbers.get(id);
    if (number !== undefined) return this.#rows.get(number);
    const row = this.database.one('SELECT * FROM task WHERE id = ?', id);
    return row && this.#keep(readTaskRow(row));
  }
  /** Throws `task.unknown`. */
  get(id: string): TaskRow {
    const row = this.find(id);
    if (!row) throw unknownTask(id);
    return row;
  }
  byNumber(number: number): TaskRow {
    const known = this.#rows.get(number);
    if (known) return known;
    const row = this.database.one('SELECT * FROM task WHERE number = ?', number);
    if (!row) throw new DeckhandError('internal.defect', `The store has no task number ${number}.`);
    return this.#keep(readTaskRow(row));
  }
  /** As it is after everything so far. */
  record(number: number): TaskRecord {
    this.flush();
    const row = this.database.one(`${RECORD_QUERY} WHERE task.number = ?`, number);
    if (!row) throw new DeckhandError('internal.defect', `The store has no task number ${number}.`);
    return readTaskRecord(row);
  }

  #keep(row: TaskRow): TaskRow {
    this.#rows.set(row.number, row);
    this.#numbers.set(row.id, row.number);
    this.#places.set(row.number, placeOf(row));
    return row;
  }

  /** The row was changed and has to be written. */
  touch(row: TaskRow): void {
    this.#changed.add(row);
  }

  /** A row that was just inserted, as its insert wrote it: with the first event counted. */
  created(row: TaskRow, body: TaskEventBody): void {
    this.#keep(row);
    this.#tell(row, body);
  }

  event(row: TaskRow, body: TaskEventBody): void {
    row.lastSeq += 1;
    this.touch(row);
    this.#tell(row, body);
  }

  #tell(row: TaskRow, body: TaskEventBody): void {
    const { number, id, lastSeq, attempt, requestId } = row;
    this.database.run(
      'INSERT INTO event (task, seq, attempt, time, body) VALUES (?, ?, ?, ?, ?)',
      number,
      lastSeq,
      attempt,
      this.now,
      JSON.stringify(body),
    );
    this.#events.push({ ...body, task: id, seq: lastSeq, attempt, time: this.#time, requestId });
  }

  output(row: TaskRow, pieces: readonly OutputPiece[]): void {
    this.#output.push({ task: row.id, seq: row.outputSeq, attempt: row.attempt, time: this.now, pieces });
  }

  tally(kind: TallyKind, key: string | number, difference: number): void {
    const sums = this.#tallies.get(kind) ?? new Map<string | number, number>();
    this.#tallies.set(kind, sums);
    sums.set(key, (sums.get(key) ?? 0) + difference);
  }

  /** Writes what was changed: before a query that must see it, and before the commit. */
  flush(): void {
    for (const row of this.#changed) this.#write(row);
    this.#changed.clear();
    for (const [kind, sums] of this.#tallies) {
      for (const [key, value] of sums) if (value !== 0) this.#add(kind, key, value);
    }
    this.#tallies.clear();
  }

  #write(row: TaskRow): void {
    const { database } = this;
    database.run(
      SMALL_UPDATE,
      row.phase,
      row.claim,
      row.crashes,
      row.executor,
      Number(row.begun),
      row.cancelAsked,
      Number(row.pauseAsked),
      row.progress,
      row.lastSeq,
      row.outputSeq,
      row.stdoutLength,
      row.stderrLength,
      row.depsLeft,
      row.startedAt,
      row.attempt,
      row.result,
      row.error,
      row.errorCode,
      row.priority,
      row.number,
    );
    const place = placeOf(row);
    if (this.#places.get(row.number) === place) return;
    this.#places.set(row.number, place);
    database.run(PLACE_UPDATE, row.state, row.runAfter, row.orderKey, row.number);
    if (row.finishedAt !== null) database.run(END_UPDATE, row.finishedAt, row.duration, row.number);
  }

  #add(kind: TallyKind, key: string | number, value: number): void {
    this.database.run(
      `INSERT INTO tally (kind, key, value) VALUES (?, ?, ?)
       ON CONFLICT (kind, key) DO UPDATE SET value = value + excluded.value`,
      kind,
      key,
      value,
    );
    if (value < 0) {
      this.database.run('DELETE FROM tally WHERE kind = ? AND key = ? AND value = 0', kind, key);
    }
  }
}

function placeOf(row: TaskRow): string {
  return `${row.state} ${row.runAfter} ${row.orderKey}`;
}

export function unknownTask(id: string): DeckhandError {
  return new DeckhandError('task.unknown', `No task has the id ${id}.`, { details: { task: id } });
}
