import { oneLine, sanitiseText, tailOf } from '../core/untrusted.ts';
import {
  anchorName,
  anchorsOf,
  type Block,
  type Inline,
  type ListItem,
  MOST_TEXT,
  type ReportDocument,
  type Words,
} from './document.ts';

/** As Markdown; no text of a host can become markup. */
export function renderMarkdown({ blocks }: ReportDocument): string {
  const anchors = anchorsOf(blocks);
  return `${blocks.map(block => blockText(block, anchors)).join('\n\n')}\n`;
}

type Anchors = ReadonlySet<string>;

function blockText(block: Block, anchors: Anchors): string {
  switch (block.kind) {
    case 'heading': {
      const line = `${'#'.repeat(block.level)} ${wordsText(block.words, anchors)}`;
      return block.anchor === undefined ? line : `<a id="${anchorName(block.anchor)}"></a>\n\n${line}`;
    }
    case 'paragraph':
      return wordsText(block.words, anchors);
    case 'list':
      return block.items.map(item => itemText(item, anchors)).join('\n');
    case 'table':
      return tableText(block, anchors);
    case 'code':
      return fence(block.text, block.language);
  }
}

function itemText({ words, under = [] }: ListItem, anchors: Anchors): string {
  const nested = under.map(block => {
    const text = indent(blockText(block, anchors));
    return block.kind === 'list' ? text : `\n${text}\n`;
  });
  return [`- ${wordsText(words, anchors)}`, ...nested].join('\n');
}

function tableText({ head, rows }: Extract<Block, { kind: 'table' }>, anchors: Anchors): string {
  const width = head?.length ?? rows[0]?.length ?? 1;
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const first = head ? line(head.map(name => escape(name))) : `|${' |'.repeat(width)}`;
  return [
    first,
    `|${'---|'.repeat(width)}`,
    ...rows.map(row => line(row.map(cell => wordsText(cell, anchors)))),
  ].join('\n');
}

function wordsText(words: Words, anchors: Anchors): string {
  return words.map(word => inlineText(word, anchors)).join('');
}

function inlineText(word: Inline, anchors: Anchors): string {
  // a space between two words is not ours to trim
  if (typeof word === 'string') return /^\s+$/.test(word) ? ' ' : escape(word, true);
  if ('strong' in word) return `**${escape(word.strong)}**`;
  if ('value' in word) return inlineCode(word.value);
  const id = escape(word.evidence);
  return anchors.has(word.evidence) ? `[[${id}](#${anchorName(word.evidence)})]` : `[${id}]`;
}

/** Untrusted text on one line, without a chance to become markup. */
function escape(text: string, keepEdges = false): string {
  const clean = oneLine(text).replaceAll(/[\\`*_[\]<>|#]/g, String.raw`\$&`);
  if (!keepEdges) return clean;
  return `${/^\s/.test(text) ? ' ' : ''}${clean}${/\S\s+$/.test(text) ? ' ' : ''}`;
}

function inlineCode(text: string): string {
  const shown = text === '' ? '(none)' : oneLine(text).replaceAll('|', String.raw`\|`);
  const marks = '`'.repeat(longestTicks(shown) + 1);
  // a blank beside the marks belongs to them
  return marks.length > 1 ? `${marks} ${shown} ${marks}` : `${marks}${shown}${marks}`;
}

function fence(text: string, language: string): string {
  const shown = tailOf(sanitiseText(text).trimEnd(), MOST_TEXT);
  const marks = '`'.repeat(Math.max(2, longestTicks(shown)) + 1);
  return `${marks}${language}\n${shown}\n${marks}`;
}

/** How long the longest row of backticks is: only a longer one ends the code around it. */
function longestTicks(text: string): number {
  return text.match(/`+/g)?.reduce((longest, ticks) => Math.max(longest, ticks.length), 0) ?? 0;
}

function indent(text: string): string {
  return text
    .split('\n')
    .map(line => (line === '' ? '' : `  ${line}`))
    .join('\n');
}
