import type { ErrorRecord } from '../core/deckhand-error.ts';
import type { CommonFlags } from './flags.ts';
import { jsonDocument, jsonResultLine } from './json-output.ts';
import type { Style } from './style.ts';
import { styleFor } from './style.ts';
import type { Terminal } from './terminal.ts';

/** `error CODE: message` and `hint: …`, as stderr shows it. */
export function renderError(error: ErrorRecord, style: Style): string {
  return `${style.bad('error')} ${style.strong(error.code)}: ${error.message}\nhint: ${error.hint}\n`;
}

/** Prints an error for people on stderr, and with `--json` or `--jsonl` as data on stdout. */
export function printError(
  terminal: Terminal,
  flags: Pick<CommonFlags, 'json' | 'jsonl'>,
  error: ErrorRecord,
): void {
  if (flags.jsonl) terminal.stdout.write(jsonResultLine({ error }));
  else if (flags.json) terminal.stdout.write(jsonDocument({ error }));
  terminal.stderr.write(renderError(error, styleFor(terminal.stderr, terminal.environment)));
}
