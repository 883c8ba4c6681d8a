import type { FollowItem, FollowOptions, Question, Submitted, TaskView } from '../api/task-api.ts';
import type { TaskEvent } from '../core/task-event.ts';
import { isFinal } from '../core/task-state.ts';
import type { QuestionRecord } from '../queue/executor-protocol.ts';
import type { Committed, OutputChunk, Store } from '../store/store.ts';
import { FollowCursor } from './follow-cursor.ts';
import { readHistory } from './follow-history.ts';
import { viewOf } from './task-view.ts';

/** What a follower may leave unread before it is served from the store again. */
const MOST_UNREAD = 2000;
/** The same in bytes of output. */
const MOST_UNREAD_BYTES = 4 * 1024 * 1024;
/** Milliseconds that an open question waits for a follower that comes back. */
const GRACE = 5000;

interface Follower {
  readonly tasks: ReadonlySet<string>;
  readonly answers: boolean;
  /** In order of their commits; null after too much was left unread. */
  unread: (TaskEvent | OutputChunk)[] | null;
  unreadBytes: number;
  notes: FollowItem[];
  wake: () => void;
}

/** Brings what was committed to everybody who watches, from the past and live, and questions to a person. */
export class FollowHub implements Disposable {
  readonly #store: Store;
  readonly #answer: (task: string, question: string, answer: string | null) => boolean;
  readonly #followers = new Set<Follower>();
  readonly #byTask = new Map<string, Set<Follower>>();
  readonly #questions = new Map<string, Question>();
  readonly #stopWatching: () => void;

  constructor(store: Store, answer: (task: string, question: string, answer: string | null) => boolean) {
    this.#store = store;
    this.#answer = answer;
    this.#stopWatching = store.watch(committed => this.#spread(committed));
  }

  [Symbol.dispose](): void {
    this.#stopWatching();
  }

  /**
   * `submitted` is called once the follower is in place, so that nothing is missed; its answer is the
   * first item.
   */
  async *follow(
    tasks: readonly string[],
    options: FollowOptions,
    submit?: () => Promise<Submitted>,
  ): AsyncGenerator<FollowItem> {
    const follower = this.#join(tasks, options);
    try {
      let wanted = tasks;
      if (submit) {
        const submitted = await submit();
        yield { item: 'submitted', submitted };
        wanted = submitted.tasks.map(({ id }) => id);
        if (submitted.existed) this.#rejoin(follower, wanted);
      }
      yield* this.#items(follower, wanted, options);
    } finally {
      this.#part(follower);
    }
  }

  ask(record: QuestionRecord): void {
    const question = record as unknown as Question;
    this.#questions.set(question.id, question);
    for (const follower of this.#answering(question.task))
      this.#note(follower, { item: 'question', question });
    if (this.#answering(question.task).length === 0) this.answer(question.task, question.id, null);
  }

  /** A question that is open; null: there is none. */
  question(task: string, id: string): Question | null {
    const open = this.#questions.get(id);
    return open?.task === task ? open : null;
  }

  /** False: nobody waits for it any more. */
  answer(task: string, id: string, answer: string | null): boolean {
    if (this.#questions.get(id)?.task !== task) return false;
    this.#questions.delete(id);
    for (const follower of this.#byTask.get(task) ?? [])
      this.#note(follower, { item: 'question-closed', id });
    return this.#answer(task, id, answer);
  }

  async *#items(
    follower: Follower,
    tasks: readonly string[],
    { signal, after, untilEnded = true }: FollowOptions,
  ): AsyncGenerator<FollowItem> {
    const cursor = new FollowCursor(tasks, after);
    const open = new Set(tasks);
    const stop = (): void => follower.wake();
    signal.addEventListener('abort', stop, { once: true });
    try {
      yield* this.#past(cursor, open);
      const wanted = (): boolean => !signal.aborted && (open.size > 0 || !untilEnded);
      while (wanted()) {
        yield* follower.notes.splice(0);
        const { unread } = follower;
        follower.unreadBytes = 0;
        if (unread === null) {
          follower.unread = [];
          yield* this.#past(cursor, open);
        } else if (unread.length > 0) {
          follower.unread = [];
          for (const piece of unread) yield* this.#item(piece, cursor, open);
        } else if (follower.notes.length === 0) {
          await new Promise<void>(resolve => {
            follower.wake = resolve;
            if (signal.aborted) resolve();
          });
        }
      }
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async *#past(cursor: FollowCursor, open: Set<string>): AsyncGenerator<FollowItem> {
    for (const task of Array.from(open)) {
      for await (const piece of readHistory(this.#store, task, cursor.position(task)))
        yield* this.#item(piece, cursor, open);
      // a cursor may stand behind the end
      if (!open.has(task)) continue;
      const record = await this.#store.task(task);
      if (isFinal(record.state) && cursor.position(task).event >= record.lastSeq)
        yield this.#ended(viewOf(record), open);
    }
  }

  async *#item(
    piece: TaskEvent | OutputChunk,
    cursor: FollowCursor,
    open: Set<string>,
  ): AsyncGenerator<FollowItem> {
    if (!cursor.advance(piece)) return;
    if ('pieces' in piece) {
      const { task, attempt, pieces } = piece;
      yield { item: 'output', task, attempt, pieces, cursor: cursor.text() };
      return;
    }
    yield { item: 'event', event: piece, cursor: cursor.text() };
    if (piece.kind === 'task-state' && isFinal(piece.state) && open.has(piece.task))
      yield this.#ended(viewOf(await this.#store.task(piece.task)), open);
  }

  #ended(task: TaskView, open: Set<string>): FollowItem {
    open.delete(task.id);
    return { item: 'ended', task };
  }

  #spread({ events, output }: Committed): void {
    if (this.#followers.size === 0) return;
    for (const piece of [...output, ...events]) {
      for (const follower of this.#byTask.get(piece.task) ?? []) {
        keepUnread(follower, piece);
        follower.wake();
      }
    }
  }

  #note(follower: Follower, item: FollowItem): void {
    follower.notes.push(item);
    follower.wake();
  }

  #answering(task: string): readonly Follower[] {
    return [...(this.#byTask.get(task) ?? [])].filter(follower => follower.answers);
  }

  #join(tasks: readonly string[], { answers = false }: FollowOptions): Follower {
    const follower: Follower = {
      tasks: new Set(tasks),
      answers,
      unread: [],
      unreadBytes: 0,
      notes: [],
      wake: () => undefined,
    };
    this.#followers.add(follower);
    this.#enlist(follower);
    return follower;
  }

  #enlist(follower: Follower): void {
    for (const task of follower.tasks) {
      const others = this.#byTask.get(task) ?? new Set();
      this.#byTask.set(task, others.add(follower));
    }
    if (!follower.answers) return;
    for (const question of this.#questions.values())
      if (follower.tasks.has(question.task)) this.#note(follower, { item: 'question', question });
  }

  /** The tasks existed before: it is those that are followed, from their beginning. */
  #rejoin(follower: Follower, tasks: readonly string[]): void {
    this.#part(follower);
    (follower as { tasks: ReadonlySet<string> }).tasks = new Set(tasks);
    this.#followers.add(follower);
    this.#enlist(follower);
  }

  #part(follower: Follower): void {
    this.#followers.delete(follower);
    for (const task of follower.tasks) {
      const others = this.#byTask.get(task);
      others?.delete(follower);
      if (others?.size === 0) this.#byTask.delete(task);
    }
    if (!follower.answers) return;
    setTimeout(() => this.#giveUp(follower.tasks), GRACE).unref();
  }

  /** Nobody came back: whoever waits for an answer learns that there is none. */
  #giveUp(tasks: ReadonlySet<string>): void {
    for (const { id, task } of Array.from(this.#questions.values()))
      if (tasks.has(task) && this.#answering(task).length === 0) this.answer(task, id, null);
  }
}

/** Somebody who reads slowly costs a little memory: what is too much is read from the store again. */
function keepUnread(follower: Follower, piece: TaskEvent | OutputChunk): void {
  if (follower.unread === null) return;
  follower.unread.push(piece);
  if ('pieces' in piece) for (const { bytes } of piece.pieces) follower.unreadBytes += bytes.length;
  if (follower.unread.length > MOST_UNREAD || follower.unreadBytes > MOST_UNREAD_BYTES)
    follower.unread = null;
}
