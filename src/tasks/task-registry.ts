import { DeckhandError } from '../core/deckhand-error.ts';
import { z } from '../core/schema.ts';
import type { TaskKind } from './task-kind.ts';

/** Bytes of parameters as JSON that one task may carry. */
const LARGEST_PARAMS = 1024 * 1024;

/** The kinds of task that this engine knows. */
export class TaskRegistry {
  readonly #kinds = new Map<string, TaskKind>();

  constructor(kinds: readonly TaskKind[]) {
    for (const kind of kinds) this.add(kind);
  }

  /** Throws `input.invalid` for a malformed kind or a name that is taken. */
  add(kind: TaskKind): void {
    if (!/^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+$/.test(kind.name)) {
      throw new DeckhandError('input.invalid', `name: '${kind.name}' is no kind of task; write area.verb.`, {
        details: { field: 'name' },
      });
    }
    if (this.#kinds.has(kind.name))
      throw new DeckhandError('input.invalid', `name: there is a kind '${kind.name}' already.`);
    this.#kinds.set(kind.name, kind);
  }

  get names(): readonly string[] {
    return [...this.#kinds.keys()];
  }

  /** Throws `task.unknown-kind`. */
  kind(name: string): TaskKind {
    const kind = this.#kinds.get(name);
    if (kind) return kind;
    throw new DeckhandError(
      'task.unknown-kind',
      `kind: there is no '${name}'; known: ${this.names.join(', ')}.`,
      {
        details: { field: 'kind', value: name, known: this.names },
      },
    );
  }

  /** True: tasks of this kind take no slot of the queue. */
  isResident(name: string): boolean {
    return this.#kinds.get(name)?.resident === true;
  }

  /** Parameters as the kind takes them, defaults filled in. Throws `input.invalid` or `task.too-large`. */
  check(kind: TaskKind, params: unknown): Readonly<Record<string, unknown>> {
    const size = Buffer.byteLength(JSON.stringify(params) ?? '');
    if (size > LARGEST_PARAMS) {
      throw new DeckhandError(
        'task.too-large',
        `params: ${size} bytes as JSON; a task carries at most ${LARGEST_PARAMS}.`,
        { details: { field: 'params', size, limit: LARGEST_PARAMS } },
      );
    }
    const parsed = z.safeParse(kind.schema, params);
    if (parsed.success) return parsed.data as Readonly<Record<string, unknown>>;
    const [issue] = parsed.error.issues;
    const names = issue?.code === 'unrecognized_keys' ? issue.keys : [];
    const field = ['params', ...(issue?.path ?? []), ...names.slice(0, 1)].map(String).join('.');
    throw new DeckhandError(
      'input.invalid',
      `${field}: ${names[0] === undefined ? issue?.message : 'is unknown'}.`,
      {
        details: { field, kind: kind.name, issues: parsed.error.issues.map(toIssue) },
      },
    );
  }
}

function toIssue(issue: { readonly path: readonly PropertyKey[]; readonly message: string }): object {
  return { field: ['params', ...issue.path].map(String).join('.'), message: issue.message };
}
