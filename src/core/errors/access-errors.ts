import { type ErrorTraits, row } from './row.ts';

/** What goes wrong at the door: who asks, from where, how often. */
export const accessErrors = {
  'api.forbidden': row(
    'Who asks may not do this.',
    'refused',
    403,
    'Ask with a token of a role that may; `deckhand token list` shows roles.',
  ),
  'api.refused-origin': row(
    'The request came from another page, or under a name that is not this daemon.',
    'refused',
    403,
    'Use the address that `deckhand console --status` prints.',
  ),
  'api.rate-limited': row(
    'Too many requests from one caller, or too many open streams.',
    'failed',
    429,
    'Wait as many seconds as the answer says, then ask again.',
    'retry',
  ),
  'token.unknown': row('No token has this name.', 'usage', 404, 'List them with `deckhand token list`.'),
  'token.exists': row(
    'A token with this name is already known.',
    'usage',
    409,
    'Choose another name, or remove it first: `deckhand token remove`.',
  ),
  'console.closed': row('The console is not open.', 'usage', 409, 'Open it with `deckhand console`.'),
  'console.port-busy': row(
    'The console could not listen on its address.',
    'failed',
    409,
    'Choose another --port, or 0 for any free one.',
  ),
  'console.needs-daemon': row(
    'Only the daemon can keep the console open.',
    'usage',
    400,
    'Leave out --local.',
  ),
  'console.needs-token': row(
    'Other machines may only connect where tokens say who may do what.',
    'refused',
    403,
    'Make one first: `deckhand token add NAME --role viewer`.',
  ),
  'console.not-built': row(
    'The pages of the console are not there.',
    'failed',
    503,
    'In a copy of the sources: `npm run build`. The API works without them.',
  ),
} as const satisfies Record<string, ErrorTraits>;
