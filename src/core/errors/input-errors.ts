import { type ErrorTraits, row } from './row.ts';

/** What is wrong with what was given, on this machine. */
export const inputErrors = {
  'input.invalid': row(
    'A parameter is missing, unknown or malformed.',
    'usage',
    400,
    'Correct the field named in the message.',
  ),
  'input.prompt-needed': row(
    'A question would be asked, but no terminal is attached.',
    'usage',
    400,
    'Pass the flag named in the message.',
  ),
  'settings.invalid': row(
    'A settings file does not fit its schema.',
    'usage',
    400,
    'Correct the file, line and field named in the message.',
  ),
  'fleet.unknown-host': row(
    'No host, group or pattern has this name.',
    'usage',
    404,
    'List the known names with `deckhand hosts list`, or add one with `deckhand hosts add`.',
  ),
  'fleet.host-exists': row(
    'A host with this name is already known.',
    'usage',
    409,
    'Choose another name or edit the file named in the message.',
  ),
  'local.file-missing': row(
    'A file on this machine does not exist or cannot be read.',
    'usage',
    400,
    'Check the path and its permissions.',
  ),
  'internal.defect': row(
    'Deckhand itself is at fault.',
    'failed',
    500,
    'Please report it with the text of the message.',
  ),
} as const satisfies Record<string, ErrorTraits>;
