import type { DeckhandError } from '../../core/deckhand-error.ts';

/** An error in the shape that OpenAI's clients read. */
export interface OpenAiFault {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: {
    readonly error: {
      readonly message: string;
      readonly type: string;
      readonly code: string;
      readonly param: null;
    };
  };
}

/** Kinds of errors that clients tell apart; all others by their status. */
const TYPES: Readonly<Record<string, string>> = {
  'api.unauthorised': 'authentication_error',
  'chat.context-overflow': 'exceed_context_size_error',
  'chat.unknown-model': 'not_found_error',
  'tunnel.down': 'tunnel_down',
};
/** Their own words for what their clients look for. */
const CODES: Readonly<Record<string, string>> = {
  'chat.context-overflow': 'context_length_exceeded',
  'chat.unknown-model': 'model_not_found',
};

/** Message and hint together: there is no other place for what to do. */
export function openAiFault(error: DeckhandError): OpenAiFault {
  const { httpStatus } = error.traits;
  const type = TYPES[error.code] ?? (httpStatus < 500 ? 'invalid_request_error' : 'server_error');
  const message = `${error.message} ${error.hint}`;
  return {
    status: httpStatus,
    headers: httpStatus === 503 || httpStatus === 429 ? { 'retry-after': '2' } : {},
    body: { error: { message, type, code: CODES[error.code] ?? error.code, param: null } },
  };
}
