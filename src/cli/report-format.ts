import { DeckhandError } from '../core/deckhand-error.ts';
import { maskDeep } from '../core/mask-secrets.ts';
import type { RunRecord } from '../core/run-record.ts';
import { buildDocument } from '../reports/build-document.ts';
import { renderCsv } from '../reports/render-csv.ts';
import { renderHtml } from '../reports/render-html.ts';
import { renderMarkdown } from '../reports/render-markdown.ts';
import { renderText } from '../reports/render-text.ts';
import { JSON_VERSION, toJson } from './json-output.ts';

/** Each form of a report, and the ending of a file that has it. */
const ENDINGS = { markdown: 'md', html: 'html', json: 'json', csv: 'csv', text: 'txt' } as const;
export type ReportFormat = keyof typeof ENDINGS;
export const REPORT_FORMATS = Object.keys(ENDINGS) as readonly ReportFormat[];

/** The form that a file's name asks for; null = it asks for none. */
export function formatOfFile(file: string): ReportFormat | null {
  return REPORT_FORMATS.find(format => file.endsWith(`.${ENDINGS[format]}`)) ?? null;
}

/** Throws `input.invalid`. */
export function parseFormat(text: string): ReportFormat {
  const found = REPORT_FORMATS.find(format => format === text);
  if (found) return found;
  throw new DeckhandError(
    'input.invalid',
    `--format: '${text}' is no form of a report; give one of ${REPORT_FORMATS.join(', ')}.`,
  );
}

/** A run in one of the forms. */
export function formatReport(record: RunRecord, format: ReportFormat): string {
  switch (format) {
    case 'json':
      return jsonReport(record);
    case 'csv':
      return renderCsv(record);
    case 'html':
      return renderHtml(buildDocument(record));
    case 'markdown':
      return renderMarkdown(buildDocument(record));
    case 'text':
      return renderText(buildDocument(record));
  }
}

/** The report's own fields, then what else is kept of the run. */
function jsonReport(record: RunRecord): string {
  const { report, task, events, approvals } = maskDeep(record);
  return `${toJson({ version: JSON_VERSION, ...report, task, events, approvals }, 2)}\n`;
}
