import { DeckhandError } from '../core/deckhand-error.ts';
import { REPORT_FORMATS, type ReportFormat } from '../reports/format-report.ts';

const NAMES = Object.keys(REPORT_FORMATS) as readonly ReportFormat[];

/** The form that a file's name asks for; null = it asks for none. */
export function formatOfFile(file: string): ReportFormat | null {
  return NAMES.find(format => file.endsWith(`.${REPORT_FORMATS[format].ending}`)) ?? null;
}

/** Throws `input.invalid`. */
export function parseFormat(text: string): ReportFormat {
  const found = NAMES.find(format => format === text);
  if (found) return found;
  throw new DeckhandError(
    'input.invalid',
    `--format: '${text}' is no form of a report; give one of ${NAMES.join(', ')}.`,
  );
}
