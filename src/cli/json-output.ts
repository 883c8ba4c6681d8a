import type { ErrorRecord } from '../core/deckhand-error.ts';
import { JSON_VERSION, toJson } from '../core/json-text.ts';
import type { RunEvent } from '../core/run-event.ts';

/** `{"version":1, …}` on one printed document. */
export function jsonDocument(body: object): string {
  return `${toJson({ version: JSON_VERSION, ...body }, 2)}\n`;
}

/** One line of `--jsonl`. */
export function jsonEventLine(event: RunEvent): string {
  return jsonLine(event);
}

/** The same of anything else that is told line by line. */
export function jsonLine(body: object): string {
  return `${toJson({ version: JSON_VERSION, ...body })}\n`;
}

/** The last line of `--jsonl`: the same document that `--json` prints, under `result` or `error`. */
export function jsonResultLine(body: { readonly result: object } | { readonly error: ErrorRecord }): string {
  return `${toJson({ version: JSON_VERSION, kind: 'error' in body ? 'error' : 'result', ...body })}\n`;
}
