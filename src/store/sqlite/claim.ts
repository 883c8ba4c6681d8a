import type { ClaimLimits } from '../store.ts';
import type { Database } from './database.ts';
import { moveTask } from './move-task.ts';
import { settleClaim } from './settle.ts';
import { CANCEL_ORDER } from './task-row.ts';
import type { Transaction } from './transaction.ts';

/** Due tasks that one claim moves to the queue; the next claim takes the rest. */
const MOST_DUE = 2_000;
/** How far a claim looks along the queue, and how far again, before it asks for each host's best tasks instead. */
const NEAR = 16;
const FAR = 256;

// Every query of a claim names its index: without statistics SQLite takes the one of all states, and its time
// would grow with the queue.
const HEAD_OF_QUEUE = `SELECT number, host, order_key FROM task INDEXED BY task_queue WHERE state = 'queued'
  ORDER BY order_key, number LIMIT ?`;

/** Cancels that one claim gives away; they wait for no room, because they make some. */
const MOST_CANCELS = 16;

interface Candidate {
  readonly number: number;
  readonly host: string | null;
  readonly orderKey: number;
}

/** Gives the best queued tasks to `executor`; answers their numbers, best first. */
export function claim(transaction: Transaction, executor: string, limits: ClaimLimits): readonly number[] {
  queueDue(transaction);
  const cancels = claimCancels(transaction, executor);
  if (limits.free <= 0) return cancels;
  return [...cancels, ...claimWork(transaction, executor, limits)];
}

function claimCancels(transaction: Transaction, executor: string): readonly number[] {
  transaction.flush();
  const head = candidates(transaction.database.all(HEAD_OF_QUEUE, MOST_CANCELS));
  const cancels = head.filter(({ orderKey }) => orderKey < CANCEL_ORDER).map(({ number }) => number);
  return started(transaction, cancels, executor);
}

function claimWork(transaction: Transaction, executor: string, limits: ClaimLimits): readonly number[] {
  transaction.flush();
  const { database } = transaction;
  const room = roomOnHosts(database, limits);
  let chosen: readonly number[] = [];
  for (const window of [NEAR, FAR].map(rows => rows + limits.free)) {
    const head = candidates(database.all(HEAD_OF_QUEUE, window));
    chosen = choose(head, room, limits.free);
    if (chosen.length === limits.free || head.length < window) return started(transaction, chosen, executor);
  }
  // The head of the queue belongs to busy hosts: look behind it, one host after the other.
  chosen = choose(bestOfEachHost(database, room, limits.free), room, limits.free);
  return started(transaction, chosen, executor);
}

function started(transaction: Transaction, chosen: readonly number[], executor: string): readonly number[] {
  for (const number of chosen) start(transaction, number, executor);
  return chosen;
}

function queueDue(transaction: Transaction): void {
  const due = transaction.database.all(
    `SELECT number FROM task INDEXED BY task_due WHERE state = 'delayed' AND run_after <= ?
     ORDER BY run_after LIMIT ?`,
    transaction.now,
    MOST_DUE,
  );
  for (const { number } of due) {
    moveTask(transaction, transaction.byNumber(Number(number)), 'queued', { reason: 'it is due' });
  }
}

function start(transaction: Transaction, number: number, executor: string): void {
  const task = transaction.byNumber(number);
  task.claim += 1;
  task.startedAt ??= transaction.now;
  moveTask(transaction, task, 'running');
  task.executor = executor;
  transaction.event(task, { kind: 'task-started', claim: task.claim, executor });
}

/** Running tasks of each host, counted from the rows themselves. */
export function runningByHost(database: Database): Map<string, number> {
  const rows = database.all(
    `SELECT host, count(*) AS tasks FROM task INDEXED BY task_running WHERE state = 'running'
     AND host IS NOT NULL GROUP BY host`,
  );
  return new Map(rows.map(row => [String(row['host']), Number(row['tasks'])]));
}

type Room = (host: string | null) => number;

function roomOnHosts(database: Database, limits: ClaimLimits): Room {
  const running = runningByHost(database);
  return host => {
    if (host === null) return Number.POSITIVE_INFINITY;
    const limit = Object.hasOwn(limits.hostLimits, host) ? limits.hostLimits[host] : undefined;
    return (limit ?? limits.hostDefault) - (running.get(host) ?? 0);
  };
}

function choose(candidates: readonly Candidate[], room: Room, free: number): readonly number[] {
  const taken = new Map<string | null, number>();
  const chosen: number[] = [];
  for (const { number, host } of candidates) {
    if (chosen.length === free) break;
    const before = taken.get(host) ?? 0;
    if (before >= room(host)) continue;
    taken.set(host, before + 1);
    chosen.push(number);
  }
  return chosen;
}

/** As many heads as each host has room for, in the order of the queue. One index look-up a host. */
function bestOfEachHost(database: Database, room: Room, free: number): readonly Candidate[] {
  const heads = (host: string | null): readonly Candidate[] => {
    const most = Math.min(free, room(host));
    if (most <= 0) return [];
    const sql = `SELECT number, host, order_key FROM task INDEXED BY task_queue_host WHERE state = 'queued' AND host IS ?
      ORDER BY order_key, number LIMIT ?`;
    return candidates(database.all(sql, host, most));
  };
  const found = [...heads(null)];
  const nextHost = `SELECT host FROM task INDEXED BY task_queue_host WHERE state = 'queued' AND host > ?
    ORDER BY host LIMIT 1`;
  for (let host: unknown = ''; typeof host === 'string'; host = database.one(nextHost, host)?.['host']) {
    found.push(...heads(host));
  }
  return found.toSorted((one, other) => one.orderKey - other.orderKey || one.number - other.number);
}

function candidates(rows: ReturnType<Database['all']>): readonly Candidate[] {
  return rows.map(row => ({
    number: Number(row['number']),
    host: row['host'] as string | null,
    orderKey: Number(row['order_key']),
  }));
}

/** Every running task goes back to the queue: its executor is gone. Answers their numbers. */
export function recover(transaction: Transaction): readonly number[] {
  const rows = transaction.database.all("SELECT number FROM task WHERE state = 'running' ORDER BY number");
  const numbers = rows.map(row => Number(row['number']));
  for (const number of numbers) {
    const settlement = {
      to: 'queued',
      reason: 'the process that carried it out ended',
      // the daemon ended, whatever the task did
      crashed: false,
    } as const;
    settleClaim(transaction, transaction.byNumber(number), settlement);
  }
  return numbers;
}
