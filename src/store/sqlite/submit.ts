import { DeckhandError } from '../../core/deckhand-error.ts';
import { isFinal, type TaskState } from '../../core/task-state.ts';
import type { NewTask } from '../../core/task.ts';
import { readyState, skipTask } from './move-task.ts';
import { newRow, orderKeyOf } from './task-row.ts';
import { unknownTask, type Transaction } from './transaction.ts';

/** A task of the submission, or an older one. */
type Dependency =
  | { readonly place: number }
  | { readonly id: string; readonly number: number; readonly state: TaskState };

export interface Kept {
  readonly number: number;
  readonly existed: boolean;
}

const INSERT_TASK = `INSERT INTO task (id, grp, kind, host, title, category, priority, on_lost, retry,
  on_dependency_failed, idempotency_key, place, retry_of, request_id, created_at, state, run_after, order_key,
  deps_left, attempt, claim, crashes, begun, cancel_asked, pause_asked, last_seq, output_seq, stdout_length,
  stderr_length) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0, 0, 0, 'no', 0, 1, 0, 0, 0)`;

/** Keeps the tasks with their dependencies and first events. Throws `task.cyclic`, `task.unknown`. */
export function submit(transaction: Transaction, tasks: readonly NewTask[]): readonly Kept[] {
  const older = tasks.map((task, place) => findByKey(transaction, task, place));
  const places = new Map(tasks.map((task, place) => [task.id, place]));
  const needs = tasks.map((task, place) =>
    older[place] === null ? dependenciesOf(transaction, tasks, places, task) : [],
  );
  refuseCycle(tasks, needs);
  const ids = tasks.map((task, place) => older[place]?.id ?? task.id);
  // Of an older task in the place of a new one its present state counts.
  const settled = needs.map(each => each.map(need => ('place' in need ? (older[need.place] ?? need) : need)));
  const numbers = tasks.map((task, place) => {
    const known = older[place];
    if (known) return known.number;
    const open = (settled[place] ?? []).filter(need => isOpen(need, task));
    const dependsOn = (settled[place] ?? []).map(need => ('place' in need ? ids[need.place] : need.id));
    return insert(transaction, task, place, open.length, dependsOn);
  });
  settled.forEach((each, place) => linkTask(transaction, numbers, place, each));
  tasks.forEach((task, place) => skipDoomed(transaction, task, numbers[place] ?? 0, settled[place] ?? []));
  return numbers.map((number, place) => ({ number, existed: older[place] !== null }));
}

type Older = Exclude<Dependency, { readonly place: number }>;

function findByKey(transaction: Transaction, task: NewTask, place: number): Older | null {
  if (task.idempotencyKey === null) return null;
  const row = transaction.database.one(
    'SELECT id, number, state FROM task WHERE idempotency_key = ? AND place = ?',
    task.idempotencyKey,
    place,
  );
  return row ? (row as unknown as Older) : null;
}

function dependenciesOf(
  transaction: Transaction,
  tasks: readonly NewTask[],
  places: ReadonlyMap<string, number>,
  task: NewTask,
): readonly Dependency[] {
  return [...new Set(task.dependsOn)].map(name => {
    const place = /^\d+$/.test(name) ? Number(name) : places.get(name);
    if (place !== undefined && place < tasks.length) return { place };
    const row = transaction.database.one('SELECT id, number, state FROM task WHERE id = ?', name);
    if (!row) throw unknownTask(name);
    return row as unknown as Older;
  });
}

/** Older tasks cannot depend on newer ones: a circle lies within the submission. */
function refuseCycle(tasks: readonly NewTask[], needs: readonly (readonly Dependency[])[]): void {
  const finished = new Set<number>();
  const path: number[] = [];
  const onPath = new Set<number>();
  const visit = (start: number): void => {
    const stack = [{ place: start, next: 0 }];
    path.push(start);
    onPath.add(start);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const need = (needs[top.place] ?? [])[top.next];
      top.next += 1;
      if (!need) {
        finished.add(top.place);
        onPath.delete(top.place);
        path.pop();
        stack.pop();
      } else if ('place' in need && onPath.has(need.place)) {
        throw cyclic(tasks, [...path.slice(path.indexOf(need.place)), need.place]);
      } else if ('place' in need && !finished.has(need.place)) {
        stack.push({ place: need.place, next: 0 });
        path.push(need.place);
        onPath.add(need.place);
      }
    }
  };
  tasks.forEach((_task, place) => !finished.has(place) && visit(place));
}

function cyclic(tasks: readonly NewTask[], places: readonly number[]): DeckhandError {
  const circle = places.map(place => tasks[place]?.id ?? '');
  return new DeckhandError('task.cyclic', `Tasks wait for each other: ${circle.join(' → ')}.`, {
    details: { tasks: circle },
  });
}

/** Still to be waited for. One that did not succeed either counts as done or dooms the task. */
function isOpen(need: Dependency, task: NewTask): boolean {
  return 'place' in need || !isFinal(need.state) || isDoom(need, task);
}
function isDoom(need: Dependency, task: NewTask): need is Older {
  const failed = !('place' in need) && isFinal(need.state) && need.state !== 'succeeded';
  return failed && task.onDependencyFailed === 'skip';
}

function insert(
  transaction: Transaction,
  task: NewTask,
  place: number,
  open: number,
  dependsOn: readonly (string | undefined)[],
): number {
  const { database, now } = transaction;
  const runAfter = task.runAfter ?? now;
  const state = open > 0 ? 'blocked' : readyState({ runAfter }, now);
  const { number } = database.run(
    INSERT_TASK,
    task.id,
    task.group,
    task.kind,
    task.host,
    task.title,
    task.category,
    task.priority,
    task.onLost,
    JSON.stringify(task.retry),
    task.onDependencyFailed,
    task.idempotencyKey,
    place,
    task.retryOf,
    task.requestId,
    now,
    state,
    runAfter,
    orderKeyOf({ createdAt: now, runAfter, priority: task.priority }),
    open,
  );
  database.run(
    'INSERT INTO task_body (task, params, surroundings, tags, depends_on, input) VALUES (?, ?, ?, ?, ?, ?)',
    number,
    JSON.stringify(task.params),
    JSON.stringify(task.surroundings),
    JSON.stringify(task.tags),
    JSON.stringify(dependsOn),
    task.input,
  );
  for (const tag of new Set(task.tags)) {
    database.run('INSERT INTO task_tag (tag, task) VALUES (?, ?)', tag, number);
  }
  transaction.tally('state', state, 1);
  transaction.created(newRow(task, { number, state, runAfter, depsLeft: open, createdAt: now }), {
    kind: 'task-state',
    state,
  });
  return number;
}

function linkTask(
  transaction: Transaction,
  numbers: readonly number[],
  place: number,
  needs: readonly Dependency[],
): void {
  for (const need of needs) {
    const dependency = 'place' in need ? numbers[need.place] : need.number;
    transaction.database.run(
      'INSERT OR IGNORE INTO task_dep (dep, task) VALUES (?, ?)',
      dependency ?? null,
      numbers[place] ?? null,
    );
  }
}

function skipDoomed(
  transaction: Transaction,
  task: NewTask,
  number: number,
  needs: readonly Dependency[],
): void {
  const doom = needs.find(need => isDoom(need, task));
  if (!doom || !isDoom(doom, task)) return;
  const row = transaction.byNumber(number);
  if (row.state === 'blocked') skipTask(transaction, row, doom.id, doom.state);
}
