import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { HTTPException } from 'hono/http-exception';
import type { z } from '../../core/schema.ts';
import { DeckhandError, toDeckhandError } from '../../core/deckhand-error.ts';

/** Most faults named in `details`; the first one is in the message. */
const MOST_ISSUES = 20;

/** What did not fit a schema, with the path of each field. The values themselves are not quoted. */
export function inputFault(place: 'body' | 'query' | 'path', error: z.ZodError): DeckhandError {
  const issues = error.issues.slice(0, MOST_ISSUES).flatMap(issue => {
    // the field that is too much is the one to name, not the object it is in
    const fields = issue.code === 'unrecognized_keys' ? issue.keys : [null];
    return fields.map(field => ({
      path: [place, ...issue.path.map(String), ...(field === null ? [] : [field.slice(0, 100)])].join('.'),
      message: field === null ? issue.message : 'is not known',
    }));
  });
  const first = issues[0] ?? { path: place, message: 'is malformed' };
  return new DeckhandError('input.invalid', `${first.path}: ${first.message}.`, {
    details: { field: first.path, issues: issues.slice(0, MOST_ISSUES) },
  });
}

/** Anything thrown while a request was served, as the error that is answered. */
export function faultOf(thrown: unknown): DeckhandError {
  if (!(thrown instanceof HTTPException)) return toDeckhandError(thrown);
  if (thrown.status === 415) {
    return new DeckhandError('input.invalid', 'The body is not application/json.', {
      details: { field: 'content-type' },
    });
  }
  if (thrown.status === 400) {
    return new DeckhandError('input.invalid', 'The body is not well-formed JSON.', {
      details: { field: 'body' },
    });
  }
  return toDeckhandError(thrown);
}

/** The table's status; hono's type wants one that may carry a body, and all of ours may. */
export function statusOf(error: DeckhandError): ContentfulStatusCode {
  return error.traits.httpStatus as ContentfulStatusCode;
}
