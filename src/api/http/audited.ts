import type { DeckhandError } from '../../core/deckhand-error.ts';
import type { Caller } from '../caller.ts';
import { changesSomething } from './rights.ts';

/** A call as the audit keeps it. */
export interface AuditedCall {
  /** `nobody`: it was refused before anybody was known. */
  readonly who: string;
  readonly via: Caller['via'] | null;
  /** Name of the operation, or `unknown`. */
  readonly operation: string;
  /** Method and path, without its query. */
  readonly route: string;
  /** What it was about, where the path does not say it. */
  readonly subject: string;
  readonly outcome: 'done' | 'refused' | 'failed';
  /** The error's code; null = none. */
  readonly code: string | null;
  readonly requestId: string;
}

const REFUSALS = /^(?:api|policy|console)\./;
const LONGEST = 300;

/** What of a finished call goes into the audit log; null = it only read, and was let through. */
export function auditedCall(served: {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly error?: DeckhandError;
  readonly caller: Caller | undefined;
  readonly operation: string | undefined;
  readonly subject: string | undefined;
}): AuditedCall | null {
  const { caller, operation, error, method } = served;
  const refused = error !== undefined && REFUSALS.test(error.code) && error.code !== 'api.unknown-route';
  if (!refused && !changesSomething(operation, method)) return null;
  return {
    who: caller?.who ?? 'nobody',
    via: caller?.via ?? null,
    operation: operation ?? 'unknown',
    route: `${method} ${served.path.slice(0, LONGEST)}`,
    subject: (served.subject ?? '').slice(0, LONGEST),
    outcome: refused ? 'refused' : error ? 'failed' : 'done',
    code: error?.code ?? null,
    requestId: served.requestId,
  };
}
