import { type ErrorTraits, row } from './row.ts';

/** What goes wrong between a question to a model and the end of its answer. */
export const chatErrors = {
  'chat.context-overflow': row(
    'The conversation is longer than the context of the model.',
    'failed',
    400,
    'Shorten it or begin a new one, or deploy the model with a larger --context.',
  ),
  'chat.refused': row(
    'The model server refused the request.',
    'failed',
    400,
    'Correct what the message names: the server says it.',
  ),
  'chat.unsupported': row(
    'The model server cannot do what was asked for.',
    'failed',
    501,
    'Use another model or server, or ask for less.',
  ),
  'chat.cut': row(
    'The answer broke off, and the server cannot go on with it.',
    'failed',
    502,
    'Ask again; what was said so far is kept.',
    'retry',
  ),
  'chat.malformed': row(
    'What came from the model server is no answer.',
    'failed',
    502,
    'Look at what answers there: a proxy, a login page, another program.',
  ),
  'chat.stalled': row(
    'The model server said nothing for too long.',
    'timedOut',
    504,
    'Look at its load and its log: `deckhand model show` and `deckhand model logs`.',
    'retry',
  ),
  'chat.busy': row(
    'All slots of the servers with this model are taken, and enough others wait.',
    'failed',
    429,
    'Try again in a moment, or deploy the model to another host or with more --slots.',
    'retry',
  ),
  'chat.unknown-model': row(
    'No server that is known serves this model.',
    'usage',
    404,
    'Choose one of the models that the message names, or deploy it: `deckhand model deploy`.',
  ),
  'chat.unknown-conversation': row(
    'No conversation has this id.',
    'usage',
    404,
    'List them with `deckhand chat list`.',
  ),
  'endpoint.port-busy': row(
    'The endpoint could not listen on its port.',
    'failed',
    409,
    'Choose another --port, or 0 for any free one.',
  ),
  'endpoint.refused-origin': row(
    'The request came from a page or under a name that may not use the endpoint.',
    'failed',
    403,
    'Use http://127.0.0.1 or http://localhost, from a program or a page of this machine.',
  ),
} as const satisfies Record<string, ErrorTraits>;
