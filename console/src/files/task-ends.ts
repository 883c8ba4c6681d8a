import { type Change, type DeckhandError, isFinal, type TaskRow, toDeckhandError } from 'deckhand/client';

/** How a task ended. */
export type TaskEnd = Pick<TaskRow, 'state' | 'error'>;

/** Waits for the ends of tasks, whether they are told, or came while nobody listened. */
export class TaskEnds {
  readonly #ask: (task: string) => Promise<TaskEnd>;
  readonly #waiting = new Map<
    string,
    { readonly resolve: (end: TaskEnd) => void; readonly reject: (error: DeckhandError) => void }
  >();

  /** Those of which nothing is known since a question about them was not answered. */
  readonly #unanswered = new Set<string>();

  constructor(ask: (task: string) => Promise<TaskEnd>) {
    this.#ask = ask;
  }

  /** Rejects when the daemon does not know it; while there is no daemon it waits. */
  async of(task: string): Promise<TaskEnd> {
    const { promise, resolve, reject } = Promise.withResolvers<TaskEnd>();
    this.#waiting.set(task, { resolve, reject });
    // it may have ended before anybody listened
    void this.#look(task);
    try {
      return await promise;
    } finally {
      this.#waiting.delete(task);
    }
  }

  hear(change: Change): void {
    if (change.item === 'tasks') {
      for (const task of change.tasks) if (isFinal(task.state)) this.#waiting.get(task.id)?.resolve(task);
      for (const task of this.#unanswered) void this.#look(task);
    } else if (change.item !== 'lines') for (const task of this.#waiting.keys()) void this.#look(task);
  }

  async #look(task: string): Promise<void> {
    this.#unanswered.delete(task);
    try {
      const found = await this.#ask(task);
      if (isFinal(found.state)) this.#waiting.get(task)?.resolve(found);
    } catch (thrown) {
      const error = toDeckhandError(thrown);
      // asked again with the next sign of life
      if (error.code === 'daemon.unreachable') this.#unanswered.add(task);
      else this.#waiting.get(task)?.reject(error);
    }
  }
}
