import { DeckhandError } from '../../core/deckhand-error.ts';
import type { TaskEvent, TaskEventBody } from '../../core/task-event.ts';
import type { TaskState } from '../../core/task-state.ts';
import type { Approval, TaskRecord } from '../../core/task.ts';
import type { OutputChunk, Page, TaskFilter, TaskPage } from '../store.ts';
import type { Database, Row } from './database.ts';
import { type Packing, unpackPieces } from './output-frames.ts';
import { RECORD_QUERY, readApproval, readTaskRecord } from './task-row.ts';
import { unknownTask } from './transaction.ts';

const LONGEST_PAGE = 1_000;

/** Rows of a page, and one more that tells whether another page follows. */
export function pageBounds(page: Page): { readonly limit: number; readonly before: number } {
  const limit = Math.max(1, Math.min(LONGEST_PAGE, Math.floor(page.limit)));
  if (page.cursor === undefined) return { limit, before: Number.MAX_SAFE_INTEGER };
  if (!/^\d{1,15}$/.test(page.cursor)) {
    throw new DeckhandError('input.invalid', `'${page.cursor}' is not a cursor that a page gave.`);
  }
  return { limit, before: Number(page.cursor) };
}

/** The row's number and request id. Throws `task.unknown`. */
export function taskKey(
  database: Database,
  id: string,
): { readonly number: number; readonly requestId: string } {
  const row = database.one('SELECT number, request_id FROM task WHERE id = ?', id);
  if (!row) throw unknownTask(id);
  return { number: Number(row['number']), requestId: String(row['request_id']) };
}

export function readTask(database: Database, id: string): TaskRecord {
  const row = database.one(`${RECORD_QUERY} WHERE task.id = ?`, id);
  if (!row) throw unknownTask(id);
  return readTaskRecord(row);
}

/** Newest first. Each state is read along its own index, so that a rare one is found at once. */
export function readTasks(database: Database, filter: TaskFilter, page: Page): TaskPage {
  const { limit, before } = pageBounds(page);
  const states: readonly (TaskState | null)[] = filter.states ?? [null];
  const rows = states.flatMap(state => rowsOf(database, filter, state, before, limit + 1));
  const sorted =
    states.length > 1 ? rows.toSorted((a, b) => Number(b['number']) - Number(a['number'])) : rows;
  const shown = sorted.slice(0, limit);
  return {
    tasks: shown.map(readTaskRecord),
    next: sorted.length > limit ? String(shown.at(-1)?.['number']) : null,
  };
}

function rowsOf(
  database: Database,
  filter: TaskFilter,
  state: TaskState | null,
  before: number,
  limit: number,
): readonly Row[] {
  const conditions: readonly (readonly [string, string | number | null | undefined])[] = [
    ['task.number < ?', before],
    ['task.state = ?', state],
    ['task.kind = ?', filter.kind],
    ['task.host = ?', filter.host],
    ['task.category = ?', filter.category],
    ['task.grp = ?', filter.group],
    ['task.created_at < ?', filter.createdBefore],
    ['task.finished_at < ?', filter.finishedBefore],
    ['task.finished_at >= ?', filter.finishedAfter],
    ['EXISTS (SELECT 1 FROM task_tag WHERE task_tag.task = task.number AND tag = ?)', filter.tag],
  ];
  const used = conditions.filter(([, value]) => value !== undefined && value !== null);
  const where = used.map(([condition]) => condition).join(' AND ');
  const values = used.map(([, value]) => value ?? null);
  return database.all(`${RECORD_QUERY} WHERE ${where} ORDER BY task.number DESC LIMIT ?`, ...values, limit);
}

export function readInput(database: Database, id: string): Uint8Array | null {
  const { number } = taskKey(database, id);
  const row = database.one('SELECT input FROM task_body WHERE task = ?', number);
  return (row?.['input'] ?? null) as Uint8Array | null;
}

export function readSteps(
  database: Database,
  id: string,
): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  const rows = database.all(
    `SELECT name, output FROM step JOIN task ON task.number = step.task AND task.attempt = step.attempt
     WHERE step.task = ?`,
    taskKey(database, id).number,
  );
  return new Map(rows.map(row => [String(row['name']), JSON.parse(String(row['output']))]));
}

/** Oldest first. */
export function readApprovals(
  database: Database,
  filter: { readonly state?: Approval['state']; readonly task?: string },
): readonly Approval[] {
  const conditions: string[] = [];
  const values: string[] = [];
  if (filter.state !== undefined) {
    conditions.push('approval.state = ?');
    values.push(filter.state);
  }
  if (filter.task !== undefined) {
    conditions.push('task.id = ?');
    values.push(filter.task);
  }
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
  const sql = `SELECT approval.*, task.id AS task_id FROM approval JOIN task ON task.number = approval.task
    ${where} ORDER BY approval.number`;
  return database.all(sql, ...values).map(readApproval);
}

export function readEvents(
  database: Database,
  id: string,
  afterSeq: number,
  limit: number,
): readonly TaskEvent[] {
  const { number, requestId } = taskKey(database, id);
  const rows = database.all(
    'SELECT seq, attempt, time, body FROM event WHERE task = ? AND seq > ? ORDER BY seq LIMIT ?',
    number,
    afterSeq,
    limit,
  );
  return rows.map(row => ({
    ...(JSON.parse(String(row['body'])) as TaskEventBody),
    task: id,
    seq: Number(row['seq']),
    attempt: Number(row['attempt']),
    time: new Date(Number(row['time'])).toISOString(),
    requestId,
  }));
}

export function readOutput(
  database: Database,
  id: string,
  afterSeq: number,
  limit: number,
): readonly OutputChunk[] {
  const rows = database.all(
    `SELECT seq, attempt, time, packing, frames FROM output WHERE task = ? AND seq > ? ORDER BY seq LIMIT ?`,
    taskKey(database, id).number,
    afterSeq,
    limit,
  );
  return rows.map(row => ({
    task: id,
    seq: Number(row['seq']),
    attempt: Number(row['attempt']),
    time: Number(row['time']),
    pieces: unpackPieces(row['packing'] as Packing, row['frames'] as Uint8Array),
  }));
}

export function readOutputLength(
  database: Database,
  id: string,
): { readonly stdout: number; readonly stderr: number } {
  const row = database.one('SELECT stdout_length, stderr_length FROM task WHERE id = ?', id);
  if (!row) throw unknownTask(id);
  return { stdout: Number(row['stdout_length']), stderr: Number(row['stderr_length']) };
}
