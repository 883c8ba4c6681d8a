import { type ErrorTraits, row } from './row.ts';

/** What goes wrong with a person's terminal on a host. */
export const terminalErrors = {
  'terminal.unknown': row(
    'There is no such terminal, or it is not of whoever asks.',
    'usage',
    404,
    'Open a new one: what nobody came back to is closed after `terminal.keep`.',
  ),
  'terminal.ticket-invalid': row(
    'The way into the terminal was used already, is too old, or is for somebody else.',
    'refused',
    403,
    'Ask for another with POST /v1/hosts/{host}/terminal; each works once, for half a minute.',
  ),
  'terminal.too-many': row(
    'Too many terminals are open.',
    'failed',
    429,
    'Close one that is not needed any more.',
    'retry',
  ),
  'terminal.idle': row(
    'Nobody typed anything for so long that the terminal was closed.',
    'timedOut',
    504,
    'Open a new one; `terminal.idle` says how long it may be.',
  ),
  'terminal.left': row(
    'Nobody came back to the terminal, and it was closed.',
    'timedOut',
    504,
    'Open a new one; `terminal.keep` says how long one waits.',
  ),
  'terminal.revoked': row(
    'Whoever opened the terminal may no longer use it, and it was closed.',
    'refused',
    403,
    'Sign in again, or ask for a new token.',
  ),
  'terminal.not-recorded': row(
    'The policy wants what terminals show written down, and it could not be.',
    'refused',
    507,
    'Make room where Deckhand keeps its store, or open a new terminal: each recording has a limit.',
  ),
} as const satisfies Record<string, ErrorTraits>;
