import { readFile } from 'node:fs/promises';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { RunReport } from '../core/run-report.ts';

/** A report that `deckhand report --format json` wrote. Throws `local.file-missing`, `input.invalid`. */
export async function readReport(file: string): Promise<RunReport> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new DeckhandError('local.file-missing', `${file} cannot be read: ${error.message}`, {
      cause: error,
    });
  });
  const invalid = (why: string): DeckhandError =>
    new DeckhandError('input.invalid', `${file}: ${why}.`, {
      hint: 'Give a file of `deckhand report RUN --format json`.',
    });
  let data: Partial<RunReport> | null;
  try {
    data = JSON.parse(text) as Partial<RunReport> | null;
  } catch {
    throw invalid('it is no JSON');
  }
  if (typeof data !== 'object' || data === null) throw invalid('it is no report');
  const whole = Array.isArray(data.hosts) && Array.isArray(data.plan?.steps) && typeof data.id === 'string';
  if (!whole) throw invalid('it has no plan, no hosts or no id');
  return data as RunReport;
}
