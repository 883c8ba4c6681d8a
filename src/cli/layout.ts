import { stripVTControlCharacters } from 'node:util';
import { oneLine } from '../core/untrusted.ts';

export { oneLine } from '../core/untrusted.ts';

/** Cuts plain text to `width` characters, with `…` where something was left out. */
export function fit(text: string, width: number): string {
  const characters = Array.from(text);
  if (characters.length <= width) return text;
  return width <= 1 ? '…'.slice(0, width) : `${characters.slice(0, width - 1).join('')}…`;
}

/** Each line of `text` behind `margin`. */
export function indent(text: string, margin: string): string {
  return text
    .split('\n')
    .map(line => (line === '' ? '' : margin + line))
    .join('\n');
}

/** Characters a text takes, colours not counted. */
export function widthOf(cell: string): number {
  return Array.from(stripVTControlCharacters(cell)).length;
}

/** Columns as wide as their widest cell, two spaces between; the last column is not padded. */
export function table(rows: readonly (readonly string[])[], margin = ''): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
  }
  return rows.map(row => margin + padded(row, widths)).join('\n');
}

function padded(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, column) =>
      column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)),
    )
    .join('  ')
    .trimEnd();
}

/** `1 host`, `3 hosts`. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** Values grouped by a key, in order of first appearance. */
export function groupBy<Value>(
  values: readonly Value[],
  keyOf: (value: Value) => string,
): readonly Value[][] {
  const groups = new Map<string, Value[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return [...groups.values()];
}

/** `web-1, web-2 (2 hosts)`, `web-1`. */
export function hostNames(names: readonly string[]): string {
  const shown = names.map(oneLine).join(', ');
  return names.length > 1 ? `${shown} (${names.length} hosts)` : shown;
}
