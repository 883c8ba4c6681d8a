import type { TaskState } from '../../core/task-state.ts';
import { PRIORITY_POINT, type Approval, type NewTask, type TaskRecord } from '../../core/task.ts';
import type { Row } from './database.ts';

/** A row of `task` while a transaction works on it. What may change is writable. */
export interface TaskRow {
  readonly number: number;
  readonly id: string;
  readonly host: string | null;
  readonly onDependencyFailed: 'skip' | 'run';
  readonly requestId: string;
  readonly createdAt: number;
  priority: number;
  /** Only `moveTask` writes it. */
  state: TaskState;
  phase: string | null;
  runAfter: number;
  orderKey: number;
  depsLeft: number;
  attempt: number;
  claim: number;
  crashes: number;
  executor: string | null;
  begun: boolean;
  cancelAsked: TaskRecord['cancelAsked'];
  pauseAsked: boolean;
  progress: string | null;
  result: string | null;
  error: string | null;
  errorCode: string | null;
  startedAt: number | null;
  finishedAt: number | null;
  duration: number | null;
  lastSeq: number;
  outputSeq: number;
  stdoutLength: number;
  stderrLength: number;
}

const text = (value: unknown): string => value as string;
const textOrNull = (value: unknown): string | null => value as string | null;
const whole = (value: unknown): number => Number(value);
const wholeOrNull = (value: unknown): number | null => (value === null ? null : Number(value));
/** The caller names the shape that was written. */
const json = (value: unknown): never => JSON.parse(value as string) as never;
const jsonOrNull = (value: unknown): never | null => (value === null ? null : json(value));

export function readTaskRow(row: Row): TaskRow {
  return {
    number: whole(row['number']),
    id: text(row['id']),
    host: textOrNull(row['host']),
    onDependencyFailed: text(row['on_dependency_failed']) as TaskRow['onDependencyFailed'],
    requestId: text(row['request_id']),
    createdAt: whole(row['created_at']),
    priority: whole(row['priority']),
    state: text(row['state']) as TaskState,
    phase: textOrNull(row['phase']),
    runAfter: whole(row['run_after']),
    orderKey: whole(row['order_key']),
    depsLeft: whole(row['deps_left']),
    attempt: whole(row['attempt']),
    claim: whole(row['claim']),
    crashes: whole(row['crashes']),
    executor: textOrNull(row['executor']),
    begun: row['begun'] === 1,
    cancelAsked: text(row['cancel_asked']) as TaskRow['cancelAsked'],
    pauseAsked: row['pause_asked'] === 1,
    progress: textOrNull(row['progress']),
    result: textOrNull(row['result']),
    error: textOrNull(row['error']),
    errorCode: textOrNull(row['error_code']),
    startedAt: wholeOrNull(row['started_at']),
    finishedAt: wholeOrNull(row['finished_at']),
    duration: wholeOrNull(row['duration']),
    lastSeq: whole(row['last_seq']),
    outputSeq: whole(row['output_seq']),
    stdoutLength: whole(row['stdout_length']),
    stderrLength: whole(row['stderr_length']),
  };
}

/** As `submit` inserts it. */
export function newRow(
  task: NewTask,
  start: Pick<TaskRow, 'number' | 'state' | 'runAfter' | 'depsLeft' | 'createdAt'>,
): TaskRow {
  const { id, host, onDependencyFailed, requestId, priority } = task;
  return {
    ...start,
    id,
    host,
    onDependencyFailed,
    requestId,
    priority,
    orderKey: orderKeyOf({ ...start, priority }),
    phase: null,
    attempt: 1,
    claim: 0,
    crashes: 0,
    executor: null,
    begun: false,
    cancelAsked: 'no',
    pauseAsked: false,
    progress: null,
    result: null,
    error: null,
    errorCode: null,
    startedAt: null,
    finishedAt: null,
    duration: null,
    lastSeq: 1,
    outputSeq: 0,
    stdoutLength: 0,
    stderrLength: 0,
  };
}

/** Every column that `readTaskRecord` needs. */
export const RECORD_QUERY = `SELECT task.*, params, surroundings, tags, depends_on
  FROM task JOIN task_body ON task_body.task = task.number`;

export function readTaskRecord(row: Row): TaskRecord {
  return {
    id: text(row['id']),
    group: text(row['grp']),
    kind: text(row['kind']),
    host: textOrNull(row['host']),
    params: json(row['params']),
    surroundings: json(row['surroundings']),
    title: text(row['title']),
    category: text(row['category']),
    tags: json(row['tags']),
    priority: whole(row['priority']),
    onLost: text(row['on_lost']) as TaskRecord['onLost'],
    retry: json(row['retry']),
    dependsOn: json(row['depends_on']),
    onDependencyFailed: text(row['on_dependency_failed']) as TaskRecord['onDependencyFailed'],
    idempotencyKey: textOrNull(row['idempotency_key']),
    retryOf: textOrNull(row['retry_of']),
    requestId: text(row['request_id']),
    state: text(row['state']) as TaskState,
    phase: textOrNull(row['phase']),
    runAfter: whole(row['run_after']),
    attempt: whole(row['attempt']),
    claim: whole(row['claim']),
    crashes: whole(row['crashes']),
    begun: row['begun'] === 1,
    cancelAsked: text(row['cancel_asked']) as TaskRecord['cancelAsked'],
    pauseAsked: row['pause_asked'] === 1,
    progress: jsonOrNull(row['progress']),
    result: jsonOrNull(row['result']),
    error: jsonOrNull(row['error']),
    createdAt: whole(row['created_at']),
    startedAt: wholeOrNull(row['started_at']),
    finishedAt: wholeOrNull(row['finished_at']),
    lastSeq: whole(row['last_seq']),
  };
}

/** With `task_id` joined in. */
export function readApproval(row: Row): Approval {
  return {
    id: text(row['id']),
    task: text(row['task_id']),
    hash: text(row['hash']),
    title: text(row['title']),
    state: text(row['state']) as Approval['state'],
    askedAt: whole(row['asked_at']),
    expiresAt: whole(row['expires_at']),
    decidedBy: textOrNull(row['decided_by']),
    decidedAt: wholeOrNull(row['decided_at']),
    kind: text(row['kind']) as Approval['kind'],
    about: JSON.parse(text(row['about'])) as Approval['about'],
    choice: textOrNull(row['choice']) as Approval['choice'],
    note: textOrNull(row['note']),
    uses: whole(row['uses']),
    validUntil: wholeOrNull(row['valid_until']),
  };
}

/** Below this are only tasks that are to be cancelled on their host: they go before everything else. */
export const CANCEL_ORDER = -(2 ** 51);

/** Smaller goes first: the time since when it waits, a point of priority being worth a minute. */
export function orderKeyOf(task: {
  readonly createdAt: number;
  readonly runAfter: number;
  readonly priority: number;
  readonly cancelAsked?: TaskRecord['cancelAsked'];
}): number {
  if ((task.cancelAsked ?? 'no') !== 'no') return 2 * CANCEL_ORDER + task.createdAt;
  return Math.max(task.createdAt, task.runAfter) - task.priority * PRIORITY_POINT;
}
