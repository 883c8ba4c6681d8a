import { access, constants, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { RunRecord } from '../core/run-record.ts';
import { formatReport } from '../reports/format-report.ts';
import { formatOfFile } from './report-format.ts';

/**
 * Asked before anything runs: fails with `input.invalid` when the name of the report file decides no
 * form, with `local.file-missing` when its folder cannot be written.
 */
export async function checkReportFile(file: string | undefined): Promise<void> {
  if (file === undefined) return;
  if (formatOfFile(file) === null)
    throw new DeckhandError(
      'input.invalid',
      `--report: '${file}' ends in none of .md, .html, .json, .csv and .txt.`,
    );
  try {
    await access(dirname(resolve(file)), constants.W_OK);
  } catch (error) {
    throw unwritable('--report', file, error);
  }
}

/** Writes the report in the form that the file's name asks for; readable by this account alone. */
export async function writeReport(
  file: string,
  record: RunRecord,
  blot: (record: RunRecord) => RunRecord,
): Promise<void> {
  await writePrivately('--report', file, formatReport(blot(record), formatOfFile(file) ?? 'markdown'));
}

/** Writes a file that only this account can read. Throws `local.file-missing`. */
export async function writePrivately(flag: string, file: string, text: string): Promise<void> {
  try {
    await using handle = await open(file, 'a', 0o600);
    if ((await handle.stat()).isFile()) {
      // one that others can read is there already: closed to them before anything is in it
      await handle.chmod(0o600);
      await handle.truncate();
    }
    await handle.writeFile(text);
  } catch (error) {
    throw unwritable(flag, file, error);
  }
}

function unwritable(flag: string, file: string, error: unknown): DeckhandError {
  const reason = (error as NodeJS.ErrnoException).code ?? 'unknown';
  return new DeckhandError('local.file-missing', `${flag}: ${file} cannot be written (${reason}).`, {
    cause: error,
    hint: 'Choose a folder that exists and that you may write.',
  });
}
