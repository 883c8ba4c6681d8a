import { DeckhandError, type ErrorRecord } from '../../core/deckhand-error.ts';
import { ERROR_TABLE } from '../../core/error-table.ts';
import type { WireSocket } from '../terminal/terminal-client.ts';

/** How a client's calls travel: `node:http` over a socket, or a browser's `fetch`. Nothing here needs either. */

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly signal: AbortSignal;
  /** Milliseconds until the answer must have begun. */
  readonly limit: number;
}

/** The body of an answer, read once; `destroy` lets go of the connection. */
export interface AnswerBody extends AsyncIterable<Uint8Array> {
  destroy(fault?: Error): unknown;
}

export interface Transport extends Disposable {
  /** The answer of a 200 as JSON. Throws what the daemon answered otherwise. */
  json(call: Call): Promise<unknown>;
  /** The body of a 200, unread. Throws what the daemon answered otherwise. */
  open(call: Call): Promise<AnswerBody>;
  /** A WebSocket that is open. Throws what the daemon answered otherwise, where that can be seen. */
  socket(path: string, protocols: readonly string[], signal: AbortSignal): Promise<WireSocket>;
  /** `daemon.unreachable`, in words. */
  unreachable(reason: string, cause?: unknown): DeckhandError;
}

/** The error in an answer `{ error: … }`, or null when there is none. */
export function faultFrom(text: string): DeckhandError | null {
  let record: Partial<ErrorRecord> | undefined;
  try {
    record = (JSON.parse(text) as { readonly error?: Partial<ErrorRecord> } | null)?.error;
  } catch {
    return null;
  }
  if (typeof record?.code !== 'string' || typeof record.message !== 'string') return null;
  const details = typeof record.details === 'object' ? record.details : {};
  if (!Object.hasOwn(ERROR_TABLE, record.code)) {
    // a newer daemon may know codes that we do not
    return new DeckhandError('internal.defect', record.message, {
      details: { ...details, code: record.code },
    });
  }
  const hint = typeof record.hint === 'string' ? { hint: record.hint } : {};
  return new DeckhandError(record.code, record.message, { details, ...hint });
}
