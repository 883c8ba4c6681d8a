import { DeckhandError } from '../../core/deckhand-error.ts';
import type { ErrorCode } from '../../core/error-table.ts';

/** What this thread says to a thread for files. */
export type Order =
  | { readonly id: number; readonly type: 'start'; readonly kind: string; readonly input: unknown }
  /** So many more items may come. */
  | { readonly id: number; readonly type: 'more'; readonly items: number }
  /** Bytes for work that takes some; null = their end. */
  | { readonly id: number; readonly type: 'bytes'; readonly bytes: Uint8Array | null }
  | { readonly id: number; readonly type: 'stop' };

/** What it answers. */
export type Answer =
  | { readonly id: number; readonly type: 'item'; readonly value: unknown }
  /** So many bytes were taken. */
  | { readonly id: number; readonly type: 'taken'; readonly bytes: number }
  | { readonly id: number; readonly type: 'end' }
  | { readonly id: number; readonly type: 'failed'; readonly failure: Failure };

/** An error on its way between threads, which copies lose their codes on. */
export type Failure =
  | {
      readonly kind: 'deckhand';
      readonly code: ErrorCode;
      readonly message: string;
      readonly details: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'system'; readonly message: string; readonly code: string | undefined };

export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof DeckhandError)
    return {
      kind: 'deckhand',
      code: thrown.code,
      message: thrown.message,
      details: JSON.parse(JSON.stringify(thrown.details)) as Readonly<Record<string, unknown>>,
    };
  const { message, code } = thrown as NodeJS.ErrnoException;
  return { kind: 'system', message: message ?? String(thrown), code };
}

export function thrownOf(failure: Failure): Error {
  if (failure.kind === 'deckhand')
    return new DeckhandError(failure.code, failure.message, { details: failure.details });
  const error = new Error(failure.message);
  return failure.code === undefined ? error : Object.assign(error, { code: failure.code });
}

/** Work in a thread: yields items as they are asked for, and may read the bytes it is given. */
export type Work<Input, Item> = (
  input: Input,
  bytes: () => AsyncIterable<Uint8Array>,
) => AsyncIterable<Item> | Iterable<Item>;
