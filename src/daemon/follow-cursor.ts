import { DeckhandError } from '../core/deckhand-error.ts';
import type { TaskEvent } from '../core/task-event.ts';
import type { OutputChunk } from '../store/store.ts';

/** Of one task: the newest event and the newest output chunk that were given. */
export interface Position {
  readonly event: number;
  readonly output: number;
}

const START: Position = { event: 0, output: 0 };
/** Tasks of which every item names all positions; with more, only now and then. */
const SMALL_GROUP = 16;
const EVERY = 64;

/** How far a follower of some tasks is; its text goes on from there. */
export class FollowCursor {
  readonly #positions = new Map<string, Position>();
  readonly #size: number;
  #items = 0;

  constructor(tasks: readonly string[], after: string | undefined) {
    this.#size = tasks.length;
    for (const part of (after ?? '').split(',').filter(text => text !== '')) {
      const [, task = '', event, output] = /^([a-z0-9-]{1,80})\.(\d{1,12})\.(\d{1,12})$/.exec(part) ?? [];
      if (!tasks.includes(task)) {
        throw new DeckhandError(
          'input.invalid',
          `after: '${part.slice(0, 80)}' is no place in these tasks.`,
          {
            details: { field: 'after' },
          },
        );
      }
      this.#positions.set(task, { event: Number(event), output: Number(output) });
    }
  }

  position(task: string): Position {
    return this.#positions.get(task) ?? START;
  }

  /** False: it was given before. */
  advance(piece: TaskEvent | OutputChunk): boolean {
    const before = this.position(piece.task);
    const kind = 'pieces' in piece ? 'output' : 'event';
    if (piece.seq <= before[kind]) return false;
    this.#positions.set(piece.task, { ...before, [kind]: piece.seq });
    this.#items += 1;
    return true;
  }

  /** Empty where a large group names its positions only now and then. */
  text(): string {
    if (this.#size > SMALL_GROUP && this.#items % EVERY !== 0) return '';
    return [...this.#positions].map(([task, { event, output }]) => `${task}.${event}.${output}`).join(',');
  }
}
