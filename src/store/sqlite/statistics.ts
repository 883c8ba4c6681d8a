import { isFinal, TASK_STATES, type TaskState } from '../../core/task-state.ts';
import type { QueueStatistics } from '../../core/queue-view.ts';
import type { Database } from './database.ts';
import { bucketStart } from './duration-bucket.ts';
import type { TallyKind } from './transaction.ts';

const MINUTE = 60_000;

/**
 * Read from kept sums, so that it takes the same time with a hundred tasks and a million. A percentile is
 * exact: the sums give its bucket, the index of durations gives the value within.
 */
export function readStatistics(database: Database, now: number): QueueStatistics {
  const byState = readCounts(database);
  const ended = TASK_STATES.filter(isFinal).reduce((sum, state) => sum + (byState[state] ?? 0), 0);
  return {
    byState,
    successRate: ended === 0 ? null : (byState.succeeded ?? 0) / ended,
    duration: durations(database),
    retries: tallies(database, 'retries').get('all') ?? 0,
    errorsByCode: Object.fromEntries(tallies(database, 'error')),
    lastHour: endedSince(database, now - 60 * MINUTE),
    lastDay: endedSince(database, now - 24 * 60 * MINUTE),
  };
}

/** Tasks in each state that has any. */
export function readCounts(database: Database): Partial<Record<TaskState, number>> {
  const sums = tallies(database, 'state');
  return Object.fromEntries(
    TASK_STATES.filter(state => (sums.get(state) ?? 0) > 0).map(state => [state, sums.get(state)]),
  );
}

function tallies(database: Database, kind: TallyKind): ReadonlyMap<unknown, number> {
  const rows = database.all('SELECT key, value FROM tally WHERE kind = ? ORDER BY key', kind);
  return new Map(rows.map(row => [row['key'], Number(row['value'])]));
}

function durations(database: Database): QueueStatistics['duration'] {
  const buckets = [...tallies(database, 'duration')].map(([key, tasks]) => ({ bucket: Number(key), tasks }));
  const count = buckets.reduce((sum, each) => sum + each.tasks, 0);
  if (count === 0) return null;
  const total = tallies(database, 'duration-sum').get('all') ?? 0;
  const percentile = (share: number): number => nth(database, buckets, Math.ceil(count * share) - 1);
  return { mean: total / count, p50: percentile(0.5), p95: percentile(0.95), p99: percentile(0.99) };
}

/** The duration with `rank` shorter ones before it. */
function nth(
  database: Database,
  buckets: readonly { readonly bucket: number; readonly tasks: number }[],
  rank: number,
): number {
  let left = Math.max(0, rank);
  for (const { bucket, tasks } of buckets) {
    if (left < tasks) return within(database, bucket, left);
    left -= tasks;
  }
  return 0;
}

function within(database: Database, bucket: number, rank: number): number {
  const start = bucketStart(bucket);
  if (bucketStart(bucket + 1) - start <= 1) return start;
  const sql = 'SELECT duration FROM task WHERE duration >= ? ORDER BY duration LIMIT 1 OFFSET ?';
  return Number(database.one(sql, start, rank)?.['duration'] ?? start);
}

/** To the minute. */
function endedSince(
  database: Database,
  since: number,
): { readonly finished: number; readonly failed: number } {
  const sum = (kind: TallyKind): number => {
    const sql = 'SELECT sum(value) AS tasks FROM tally WHERE kind = ? AND key > ?';
    return Number(database.one(sql, kind, Math.floor(since / MINUTE))?.['tasks'] ?? 0);
  };
  return { finished: sum('minute-finished'), failed: sum('minute-failed') };
}
