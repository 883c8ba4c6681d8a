import { access, constants, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { RunReport } from '../core/run-report.ts';
import { toJson } from './json-output.ts';
import { renderMarkdown } from './report-markdown.ts';

/**
 * Asked before anything runs: fails with `input.invalid` when the name of the report file decides no
 * form, with `local.file-missing` when its folder cannot be written.
 */
export async function checkReportFile(file: string | undefined): Promise<void> {
  if (file === undefined) return;
  if (!/\.(md|json)$/.test(file))
    throw new DeckhandError('input.invalid', `--report: '${file}' ends neither in .md nor in .json.`);
  try {
    await access(dirname(resolve(file)), constants.W_OK);
  } catch (error) {
    throw unwritable(file, error);
  }
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
    throw unwritable(file, error);
  }
}

function unwritable(file: string, error: unknown): DeckhandError {
  const reason = (error as NodeJS.ErrnoException).code ?? 'unknown';
  return new DeckhandError('local.file-missing', `--report: ${file} cannot be written (${reason}).`, {
    cause: error,
    hint: 'Choose a folder that exists and that you may write.',
  });
}
