import type { Change, ChangeOptions, TaskRow } from '../../api/watch-contract.ts';
import type { Clock } from '../../core/clock.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { isFinal, TASK_STATES, type TaskState } from '../../core/task-state.ts';
import type { TaskRecord } from '../../core/task.ts';
import type { Committed, Store } from '../../store/store.ts';
import { countLines } from './read-lines.ts';

/** Milliseconds in which changes are gathered into one message. */
const GATHERED = 100;
/** Milliseconds of silence after which a sign of life is given. */
const SILENCE = 10_000;
/** Tasks that are told one by one; of more it is only said that there are many. */
const MOST_TASKS = 200;

/** What of all that happens somebody may be told. */
export interface FeedView {
  readonly sees: (task: TaskRecord) => boolean;
}

/**
 * Tells whoever watches what is different: bounded however much happens, because only the latest state is told. Under a
 * view only its tasks are told, and counted as far as they have not ended.
 */
export async function* changes(
  { store, clock, version }: { readonly store: Store; readonly clock: Clock; readonly version: string },
  { signal, logs }: ChangeOptions,
  view: FeedView | null = null,
): AsyncGenerator<Change> {
  const counts = async (): Promise<Counts> => (view ? await countsOf(store, view) : await store.counts());
  const different = new Differences(new Set(logs));
  const stop = store.watch(committed => different.note(committed));
  try {
    yield { item: 'hello', version, counts: await counts() };
    for (const task of logs) different.grown.add(task);
    while (!signal.aborted) {
      const wake = AbortSignal.any([signal, different.wake.signal]);
      if (!different.any) await clock.sleep(SILENCE, wake).catch(() => undefined);
      if (signal.aborted) return;
      if (!different.any) {
        yield { item: 'alive' };
        continue;
      }
      const { tasks, grown } = different.take();
      if (tasks.length > MOST_TASKS) yield { item: 'many', counts: await counts() };
      else {
        const rows = await rowsOf(store, tasks, view);
        if (rows.length > 0) yield { item: 'tasks', tasks: rows, counts: await counts() };
      }
      for (const task of grown) {
        const count = await found(countLines(store, task));
        if (count) yield { item: 'lines', task, ...count };
      }
      await clock.sleep(GATHERED, signal).catch(() => undefined);
    }
  } finally {
    stop();
  }
}

class Differences {
  wake = new AbortController();
  readonly grown = new Set<string>();
  readonly #tasks = new Set<string>();
  readonly #logs: ReadonlySet<string>;

  constructor(logs: ReadonlySet<string>) {
    this.#logs = logs;
  }

  get any(): boolean {
    return this.#tasks.size > 0 || this.grown.size > 0;
  }

  note({ events, output }: Committed): void {
    // beyond the limit it is known that there are many
    if (this.#tasks.size <= MOST_TASKS) for (const { task } of events) this.#tasks.add(task);
    for (const { task } of output) if (this.#logs.has(task)) this.grown.add(task);
    if (this.any) this.wake.abort();
  }

  take(): { readonly tasks: readonly string[]; readonly grown: readonly string[] } {
    const taken = { tasks: [...this.#tasks], grown: [...this.grown] };
    this.#tasks.clear();
    this.grown.clear();
    this.wake = new AbortController();
    return taken;
  }
}

type Counts = Awaited<ReturnType<Store['counts']>>;

/** Tasks read at once. */
const PAGE = 1000;
const NOT_ENDED = TASK_STATES.filter(state => !isFinal(state));

async function countsOf(store: Store, { sees }: FeedView): Promise<Counts> {
  const found: Partial<Record<TaskState, number>> = {};
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await store.tasks({ states: NOT_ENDED }, { limit: PAGE, ...(cursor && { cursor }) });
    for (const task of page.tasks) if (sees(task)) found[task.state] = (found[task.state] ?? 0) + 1;
    cursor = page.next;
  }
  return found;
}

async function rowsOf(
  store: Store,
  ids: readonly string[],
  view: FeedView | null,
): Promise<readonly TaskRow[]> {
  const records = await Promise.all(ids.map(async id => await found(store.task(id))));
  return records
    .filter(record => record !== null)
    .filter(record => !view || view.sees(record))
    .map(rowOf);
}

function rowOf({
  surroundings: _surroundings,
  params: _params,
  result: _result,
  ...row
}: TaskRecord): TaskRow {
  return row;
}

/** Null for a task that was removed meanwhile. */
async function found<Value>(asked: Promise<Value>): Promise<Value | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof DeckhandError && error.code === 'task.unknown') return null;
    throw error;
  }
}
