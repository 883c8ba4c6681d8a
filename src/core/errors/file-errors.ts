import { type ErrorTraits, row } from './row.ts';

/** What goes wrong when one file of a host is looked at or edited. */
export const fileErrors = {
  'file.changed': row(
    'The file is not what it was when it was read.',
    'failed',
    409,
    'Read it again, look at the difference, and save again.',
  ),
  'file.too-large': row(
    'The file is larger than what is shown and edited at once.',
    'usage',
    413,
    'Fetch it with `deckhand get`, and bring it back with `deckhand put`.',
  ),
  'file.not-plain': row(
    'What has this name is no plain file.',
    'usage',
    400,
    'Folders are listed; devices, sockets and pipes are neither read nor written.',
  ),
  'file.owner-lost': row(
    'The account may not give the new file the owner of the old one.',
    'authentication',
    403,
    'Save it as root, or let its owner save it.',
  ),
} as const satisfies Record<string, ErrorTraits>;
