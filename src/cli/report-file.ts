import { writeFile } from 'node:fs/promises';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { RunReport } from '../core/run-report.ts';
import { toJson } from './json-output.ts';
import { renderMarkdown } from './report-markdown.ts';

/** Fails with `input.invalid` when the name of the report file decides no form; asked before anything runs. */
export function checkReportFile(file: string | undefined): void {
  if (file === undefined || /\.(md|json)$/.test(file)) return;
  throw new DeckhandError('input.invalid', `--report: '${file}' ends neither in .md nor in .json.`);
}

/** Writes the report as Markdown or JSON, by the name of the file; readable by this account alone. */
export async function writeReport(
  file: string,
  report: RunReport,
  blot: (text: string) => string,
): Promise<void> {
  const text = file.endsWith('.md') ? renderMarkdown(report) : `${toJson(report, 2)}\n`;
  try {
    await writeFile(file, blot(text), { mode: 0o600 });
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new DeckhandError('local.file-missing', `--report: ${file} cannot be written (${reason}).`, {
      cause: error,
      hint: 'Choose a folder that exists and that you may write.',
    });
  }
}
