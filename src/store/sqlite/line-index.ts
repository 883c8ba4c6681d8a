import type { OutputPiece } from '../../core/task-event.ts';
import type { LineCounts, LineExtent, LineStream, OpenLines } from '../store.ts';
import { type Database, type Row } from './database.ts';
import { taskKey } from './queries.ts';

/**
 * One narrow row beside each row of output: how many lines had ended when it was kept, and where the one without an
 * end began. A line is found by halving the rows, so that the five-millionth costs what the first one does.
 */

const LINE_FEED = 10;

/** Keeps the counts of the output that was just inserted. */
export function countLines(
  database: Database,
  task: { readonly number: number; readonly outputSeq: number; readonly attempt: number },
  pieces: readonly OutputPiece[],
): void {
  const row = rowAt(database, task.number, task.outputSeq - 1);
  const before = row !== undefined && Number(row['attempt']) === task.attempt ? row : undefined;
  const counts = countsOf(before);
  const open = openOf(before);
  for (const { stream, bytes } of pieces) {
    if (bytes.length === 0) continue;
    const lineFeeds = lineFeedsIn(bytes);
    counts[stream] += lineFeeds;
    if (bytes.at(-1) === LINE_FEED) open[stream] = 0;
    else if (lineFeeds > 0 || open[stream] === 0) open[stream] = task.outputSeq;
  }
  database.run(
    'INSERT INTO output_line (task, seq, attempt, stdout, stderr, stdout_open, stderr_open) VALUES (?, ?, ?, ?, ?, ?, ?)',
    task.number,
    task.outputSeq,
    task.attempt,
    counts.stdout,
    counts.stderr,
    open.stdout,
    open.stderr,
  );
}

function lineFeedsIn(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) count += 1;
  return count;
}

/** The output of the newest attempt that wrote something. Throws `task.unknown`. */
export function readLineExtent(database: Database, id: string): LineExtent {
  const { number } = taskKey(database, id);
  const last = database.one('SELECT * FROM output_line WHERE task = ? ORDER BY seq DESC LIMIT 1', number);
  if (!last) return { attempt: 1, first: 1, last: 0, ...countsOf(undefined), open: openOf(undefined) };
  const [attempt, lastSeq] = [Number(last['attempt']), Number(last['seq'])];
  const first = halve(1, lastSeq, seq => Number(rowAt(database, number, seq)?.['attempt'] ?? 0) >= attempt);
  return { attempt, first, last: lastSeq, ...countsOf(last), open: openOf(last) };
}

/**
 * Where the line `line` (from 1) of a stream, or of both, ends: the output's sequence, and what there was before it.
 * Null when that many have not ended.
 */
export function findLine(
  database: Database,
  id: string,
  extent: LineExtent,
  stream: LineStream,
  line: number,
): { readonly seq: number; readonly before: LineCounts; readonly open: OpenLines } | null {
  if (ended(extent, stream) < line) return null;
  const { number } = taskKey(database, id);
  const at = (seq: number): Row | undefined =>
    seq < extent.first ? undefined : rowAt(database, number, seq);
  const seq = halve(extent.first, extent.last, each => ended(countsOf(at(each)), stream) >= line);
  const before = at(seq - 1);
  return { seq, before: countsOf(before), open: openOf(before) };
}

function ended({ stdout, stderr }: LineCounts, stream: LineStream): number {
  if (stream === null) return stdout + stderr;
  return stream === 'stdout' ? stdout : stderr;
}

/** The smallest number from `low` to `high` for which it holds; it holds for `high`, and for all after the first. */
function halve(low: number, high: number, holds: (value: number) => boolean): number {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}

function rowAt(database: Database, task: number, seq: number): Row | undefined {
  return database.one('SELECT * FROM output_line WHERE task = ? AND seq = ?', task, seq);
}

function countsOf(row: Row | undefined): { stdout: number; stderr: number } {
  return { stdout: Number(row?.['stdout'] ?? 0), stderr: Number(row?.['stderr'] ?? 0) };
}

/** Before the first row nothing is open. */
function openOf(row: Row | undefined): { stdout: number | null; stderr: number | null } {
  if (row === undefined) return { stdout: 0, stderr: 0 };
  return { stdout: numberOrNull(row['stdout_open']), stderr: numberOrNull(row['stderr_open']) };
}

function numberOrNull(value: unknown): number | null {
  return value === null ? null : Number(value);
}
