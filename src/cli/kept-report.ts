import { readFile } from 'node:fs/promises';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { RunRecord } from '../core/run-record.ts';
import type { RunReport } from '../core/run-report.ts';

/** The report of a run, or `input.invalid` for one that has none. */
export function reportOf({ report, task }: RunRecord): RunReport {
  if (report) return report;
  throw new DeckhandError('input.invalid', `${task.id} is ${task.state} and has no report.`, {
    hint: 'Give a run that came to an end: deckhand history',
    details: { task: task.id, state: task.state },
  });
}

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
