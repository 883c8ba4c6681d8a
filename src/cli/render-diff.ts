import type { DiffLine } from '../core/run-report.ts';
import { sanitiseText } from '../core/untrusted.ts';
import { oneLine } from './layout.ts';
import { hunks } from '../core/line-diff.ts';
import type { Style } from './style.ts';

/** Lines of one text shown at most; what is beyond is counted. */
const MOST_LINES = 200;

/** Differences for people: `field: before → after`, and for texts of several lines a unified diff. */
export function renderDiff(diff: readonly DiffLine[], style: Style): string {
  return diff.map(line => (isText(line) ? textDiff(line, style) : valueDiff(line, style))).join('\n');
}

function isText(line: DiffLine): boolean {
  return line.before.includes('\n') || line.after.includes('\n');
}

function valueDiff(line: DiffLine, style: Style): string {
  const before = line.before === '' ? '(none)' : oneLine(line.before);
  const after = line.after === '' ? '(none)' : oneLine(line.after);
  return `${oneLine(line.field)}: ${style.bad(before)} → ${style.good(after)}`;
}

function textDiff(line: DiffLine, style: Style): string {
  const lines = hunks(sanitiseText(line.before), sanitiseText(line.after));
  const shown = lines.slice(0, MOST_LINES).map(entry => {
    if (entry === null) return style.faint('  …');
    const text = `${entry.mark} ${entry.text}`;
    if (entry.mark === '+') return style.good(text);
    return entry.mark === '-' ? style.bad(text) : text;
  });
  if (lines.length > MOST_LINES) shown.push(style.faint(`… ${lines.length - MOST_LINES} more lines`));
  return [`${oneLine(line.field)}:`, ...shown].join('\n');
}
