import { oneLine, sanitiseText, tailOf } from '../core/untrusted.ts';
import {
  type Block,
  type Inline,
  type ListItem,
  MOST_TEXT,
  type ReportDocument,
  type Words,
} from './document.ts';

/** As plain text for a terminal or a mail. */
export function renderText({ blocks }: ReportDocument): string {
  return `${blocks.map(blockText).join('\n\n')}\n`;
}

function blockText(block: Block): string {
  switch (block.kind) {
    case 'heading': {
      const line = wordsText(block.words);
      return block.level === 3 ? line : `${line}\n${(block.level === 1 ? '=' : '-').repeat(line.length)}`;
    }
    case 'paragraph':
      return wordsText(block.words);
    case 'list':
      return block.items.map(itemText).join('\n');
    case 'table':
      return tableText(block);
    case 'code':
      return indent(tailOf(sanitiseText(block.text).trimEnd(), MOST_TEXT), '    ');
  }
}

function itemText({ words, under = [] }: ListItem): string {
  return [`- ${wordsText(words)}`, ...under.map(block => indent(blockText(block), '  '))].join('\n');
}

function tableText({ head, rows }: Extract<Block, { kind: 'table' }>): string {
  const cells = [...(head ? [head] : []), ...rows.map(row => row.map(wordsText))];
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map(row => Array.from(row[column] ?? '').length)),
  );
  const padded = (cell: string, column: number): string =>
    cell + ' '.repeat((widths[column] ?? 0) - Array.from(cell).length);
  return cells.map(row => row.map(padded).join('  ').trimEnd()).join('\n');
}

function wordsText(words: Words): string {
  return oneLine(words.map(inlineText).join(''));
}

function inlineText(word: Inline): string {
  if (typeof word === 'string') return word;
  if ('strong' in word) return word.strong;
  if ('value' in word) return word.value === '' ? '(none)' : word.value;
  return `[${word.evidence}]`;
}

function indent(text: string, margin: string): string {
  return text
    .split('\n')
    .map(line => (line === '' ? '' : margin + line))
    .join('\n');
}
