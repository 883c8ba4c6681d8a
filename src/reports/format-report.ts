import { JSON_VERSION, toJson } from '../core/json-text.ts';
import { maskDeep } from '../core/mask-secrets.ts';
import type { RunRecord } from '../core/run-record.ts';
import { buildDocument } from './build-document.ts';
import { renderCsv } from './render-csv.ts';
import { renderHtml } from './render-html.ts';
import { renderMarkdown } from './render-markdown.ts';
import { renderText } from './render-text.ts';

/** Each form of a report: the ending of a file that has it, and what it is called on the wire. */
export const REPORT_FORMATS = {
  markdown: { ending: 'md', type: 'text/markdown' },
  html: { ending: 'html', type: 'text/html' },
  json: { ending: 'json', type: 'application/json' },
  csv: { ending: 'csv', type: 'text/csv' },
  text: { ending: 'txt', type: 'text/plain' },
} as const;
export type ReportFormat = keyof typeof REPORT_FORMATS;

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
