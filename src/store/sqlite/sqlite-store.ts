import type { QueueStatistics } from '../../core/queue-view.ts';
import { setImmediate as turn } from 'node:timers/promises';
import { dirname } from 'node:path';
import { DeckhandError, toDeckhandError } from '../../core/deckhand-error.ts';
import type { ApprovalWord, NewTask, TaskRecord } from '../../core/task.ts';
import type * as Seam from '../store.ts';
import { copyStore } from './backup.ts';
import { claim, recover, runningByHost } from './claim.ts';
import * as conversations from './conversations.ts';
import { CommitWatch } from './commit-watch.ts';
import { control, decide, expireApprovals } from './control.ts';
import type { Database } from './database.ts';
import { findLine, readLineExtent } from './line-index.ts';
import * as notebook from './notebook.ts';
import * as queries from './queries.ts';
import { recordWrite } from './record.ts';
import { nextToPrune, remove } from './retention.ts';
import { freeBytes, fullStore } from './sqlite-faults.ts';
import { faultsOf } from './soundness.ts';
import { readCounts, readStatistics } from './statistics.ts';
import { submit } from './submit.ts';
import { Transaction } from './transaction.ts';

export interface SqliteStoreOptions {
  /** Bytes of the file system that submissions leave free, so that accepted work can still be written down. */
  readonly reserve: number;
  readonly release: () => void;
}

/** The store over SQLite. A method does its work before it returns its promise: calls follow each other in order. */
export class SqliteStore implements Seam.Store {
  readonly location: string;
  readonly #database: Database;
  readonly #options: SqliteStoreOptions;
  readonly #watch = new CommitWatch();
  #backups: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(database: Database, options: SqliteStoreOptions) {
    this.location = database.file;
    this.#database = database;
    this.#options = options;
  }

  #write<Result>(now: number, work: (transaction: Transaction) => Result): Result {
    const transaction = new Transaction(this.#database, now);
    const result = this.#database.transaction(() => {
      const done = work(transaction);
      transaction.flush();
      return done;
    });
    this.#watch.tell(transaction.committed);
    return result;
  }

  async submit(
    tasks: readonly NewTask[],
    now: number,
  ): Promise<readonly { readonly task: TaskRecord; readonly existed: boolean }[]> {
    this.#keepReserve();
    return this.#write(now, transaction =>
      submit(transaction, tasks).map(({ number, existed }) => ({
        task: transaction.record(number),
        existed,
      })),
    );
  }

  #keepReserve(): void {
    if (this.#options.reserve === 0) return;
    const free = freeBytes(dirname(this.location));
    if (free < this.#options.reserve) throw fullStore(this.location, free);
  }

  async claim(executor: string, limits: Seam.ClaimLimits, now: number): Promise<readonly TaskRecord[]> {
    return this.#write(now, transaction =>
      claim(transaction, executor, limits).map(number => transaction.record(number)),
    );
  }

  async record(writes: readonly Seam.ClaimWrite[], now: number): Promise<readonly Seam.WriteOutcome[]> {
    try {
      return this.#write(now, transaction => writes.map(write => recordWrite(transaction, write)));
    } catch (thrown) {
      // One write that cannot be must not cost the others: then each has a transaction of its own.
      if (writes.length === 1 || toDeckhandError(thrown).code !== 'internal.defect') throw thrown;
      return this.#recordSingly(writes, now);
    }
  }

  #recordSingly(writes: readonly Seam.ClaimWrite[], now: number): readonly Seam.WriteOutcome[] {
    let first: DeckhandError | undefined;
    const outcomes = writes.map(write => {
      try {
        return this.#write(now, transaction => recordWrite(transaction, write));
      } catch (thrown) {
        const fault = toDeckhandError(thrown);
        if (fault.code !== 'internal.defect') throw fault;
        first ??= fault;
        return 'refused' as const;
      }
    });
    if (first) {
      throw new DeckhandError('internal.defect', `${first.message} The other writes were kept.`, {
        details: { ...first.details, outcomes },
        cause: first,
      });
    }
    return outcomes.filter(outcome => outcome !== 'refused');
  }

  async recover(now: number): Promise<readonly TaskRecord[]> {
    return this.#write(now, transaction => recover(transaction).map(number => transaction.record(number)));
  }

  async nextDue(): Promise<number | null> {
    const row = this.#database.one(
      "SELECT run_after AS due FROM task INDEXED BY task_due WHERE state = 'delayed' ORDER BY run_after LIMIT 1",
    );
    return (row?.['due'] ?? null) as number | null;
  }

  async control(task: string, wish: Seam.TaskControl, now: number): Promise<TaskRecord> {
    return this.#write(now, transaction => transaction.record(control(transaction, task, wish)));
  }
  async decide(
    approval: string,
    answer: 'approved' | 'declined',
    who: string,
    now: number,
    word: ApprovalWord = {},
  ): Promise<TaskRecord> {
    return this.#write(now, transaction =>
      transaction.record(decide(transaction, approval, answer, who, word)),
    );
  }
  async expireApprovals(now: number): Promise<number> {
    return this.#write(now, expireApprovals);
  }

  async remove(tasks: readonly string[]): Promise<number> {
    return this.#write(0, transaction => remove(transaction, tasks));
  }
  async prune(rule: { readonly finishedBefore: number; readonly keep: number }): Promise<number> {
    let removed = 0;
    for (;;) {
      const ids = nextToPrune(this.#database, rule);
      if (ids.length === 0) return removed;
      removed += this.#write(0, transaction => remove(transaction, ids));
      await turn();
    }
  }

  async task(id: string): Promise<TaskRecord> {
    return queries.readTask(this.#database, id);
  }
  async tasks(filter: Seam.TaskFilter, page: Seam.Page): Promise<Seam.TaskPage> {
    return queries.readTasks(this.#database, filter, page);
  }
  async dependenciesOf(task: string): Promise<readonly string[]> {
    return queries.readTask(this.#database, task).dependsOn;
  }
  async input(task: string): Promise<Uint8Array | null> {
    return queries.readInput(this.#database, task);
  }
  async steps(task: string): ReturnType<Seam.Store['steps']> {
    return queries.readSteps(this.#database, task);
  }
  async approvals(filter: Parameters<Seam.Store['approvals']>[0]): ReturnType<Seam.Store['approvals']> {
    return queries.readApprovals(this.#database, filter);
  }
  async events(task: string, afterSeq: number, limit: number): ReturnType<Seam.Store['events']> {
    return queries.readEvents(this.#database, task, afterSeq, limit);
  }
  async output(task: string, afterSeq: number, limit: number): ReturnType<Seam.Store['output']> {
    return queries.readOutput(this.#database, task, afterSeq, limit);
  }
  async outputLength(task: string): ReturnType<Seam.Store['outputLength']> {
    return queries.readOutputLength(this.#database, task);
  }
  async lineExtent(task: string): ReturnType<Seam.Store['lineExtent']> {
    return readLineExtent(this.#database, task);
  }
  async findLine(
    ...[task, extent, stream, line]: Parameters<Seam.Store['findLine']>
  ): ReturnType<Seam.Store['findLine']> {
    return findLine(this.#database, task, extent, stream, line);
  }
  async statistics(now: number): Promise<QueueStatistics> {
    return readStatistics(this.#database, now);
  }
  async counts(): ReturnType<Seam.Store['counts']> {
    return readCounts(this.#database);
  }
  async runningByHost(): Promise<ReadonlyMap<string, number>> {
    return runningByHost(this.#database);
  }

  async saveSchedule(schedule: Seam.Schedule): Promise<void> {
    notebook.saveSchedule(this.#database, schedule);
  }
  async schedules(): Promise<readonly Seam.Schedule[]> {
    return notebook.readSchedules(this.#database);
  }
  async removeSchedule(id: string): Promise<boolean> {
    return notebook.removeSchedule(this.#database, id);
  }
  async deployments(): ReturnType<Seam.Store['deployments']> {
    return notebook.readDeployments(this.#database);
  }

  async attachedModels(): ReturnType<Seam.Store['attachedModels']> {
    return notebook.readAttached(this.#database);
  }
  async saveConversation(change: Seam.ConversationChange): Promise<void> {
    conversations.saveConversation(this.#database, change);
  }
  async conversations(
    query: Parameters<Seam.Store['conversations']>[0],
  ): ReturnType<Seam.Store['conversations']> {
    return conversations.readConversations(this.#database, query);
  }
  async conversation(id: string): ReturnType<Seam.Store['conversation']> {
    return conversations.readConversation(this.#database, id);
  }
  async removeConversation(id: string): Promise<boolean> {
    return conversations.removeConversation(this.#database, id);
  }
  async setting(name: string): Promise<unknown> {
    return notebook.readSetting(this.#database, name);
  }
  async saveSetting(name: string, value: unknown): Promise<void> {
    notebook.saveSetting(this.#database, name, value);
  }
  async audit(entry: Seam.AuditEntry): Promise<void> {
    notebook.addAudit(this.#database, entry);
  }
  async auditTrail(page: Seam.Page): ReturnType<Seam.Store['auditTrail']> {
    return notebook.readAudit(this.#database, page);
  }

  watch(listener: (committed: Seam.Committed) => void): () => void {
    return this.#watch.add(listener);
  }

  async backup(file: string): Promise<{ readonly bytes: number }> {
    const copy = copyStore(this.#database, file);
    this.#backups = Promise.allSettled([this.#backups, copy]);
    return copy;
  }
  async check(): Promise<readonly string[]> {
    return faultsOf(this.#database);
  }

  /** Waits for backups under way, then gives the store up to the next owner. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#backups;
    this.#database.close();
    this.#options.release();
  }
}
