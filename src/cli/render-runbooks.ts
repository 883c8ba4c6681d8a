import type { RunbookSummary } from '../api/contract.ts';
import { sanitiseText } from '../core/untrusted.ts';
import { oneLine, table } from './layout.ts';
import type { Style } from './style.ts';

/** Name and title of each runbook. */
export function renderRunbookList(runbooks: readonly RunbookSummary[], style: Style): string {
  const rows = runbooks.map(runbook => [style.strong(oneLine(runbook.name)), oneLine(runbook.title)]);
  return `${table(rows)}\n`;
}

/** One runbook: what it does, its parameters, how to ask for it, and its file. */
export function renderRunbook(summary: RunbookSummary, source: string, style: Style): string {
  const parts = [`${style.strong(oneLine(summary.name))}  ${oneLine(summary.title)}`];
  if (summary.parameters.length > 0) {
    const rows = summary.parameters.map(parameter => [
      oneLine(parameter.name),
      parameter.type,
      parameter.required ? style.warning('required') : `default ${oneLine(parameter.default ?? 'none')}`,
      oneLine(parameter.description),
    ]);
    parts.push('', style.strong('Parameters'), table(rows, '  '));
  }
  if (summary.examples.length > 0) {
    parts.push('', style.strong('Examples'), ...summary.examples.map(example => `  ${oneLine(example)}`));
  }
  parts.push('', style.faint(sanitiseText(source).trimEnd()));
  return `${parts.join('\n')}\n`;
}
