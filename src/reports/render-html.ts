import { createHash } from 'node:crypto';
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

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --faint: #8882; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2.2rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin-top: 1.4rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
td, th { border-bottom: 1px solid var(--line); padding: .2rem .7rem .2rem 0; text-align: left; vertical-align: top; }
pre { background: var(--faint); padding: .6rem .8rem; overflow: auto; max-height: 30rem; border-radius: 4px; }
code, pre, .run { font: 13px/1.45 ui-monospace, monospace; } code { background: var(--faint); padding: 0 .25em; }
.run { opacity: .75; } :target { background: #fc04; } .add { color: #187a37; } .cut { color: #b3261e; }
@media (prefers-color-scheme: dark) { .add { color: #6fd08c; } .cut { color: #ff8a80; } }
@media print { pre { max-height: none; overflow: visible; white-space: pre-wrap; } }
`;

/**
 * As one HTML file that needs nothing else: no script, no image, no address of anything, and a policy inside it that
 * lets a browser load nothing. Every text is escaped; text of a host cannot become markup.
 */
export function renderHtml({ title, blocks }: ReportDocument): string {
  const anchors = anchorsOf(blocks);
  const hash = createHash('sha256').update(STYLE).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(oneLine(title))}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${blocks.map(block => blockText(block, anchors)).join('\n')}
</main>
</body>
</html>
`;
}

type Anchors = ReadonlySet<string>;

function blockText(block: Block, anchors: Anchors): string {
  switch (block.kind) {
    case 'heading': {
      const id = block.anchor === undefined ? '' : ` id="${anchorName(block.anchor)}"`;
      return `<h${block.level}${id}>${wordsText(block.words, anchors)}</h${block.level}>`;
    }
    case 'paragraph':
      return `<p>${wordsText(block.words, anchors)}</p>`;
    case 'list':
      return `<ul>\n${block.items.map(item => itemText(item, anchors)).join('\n')}\n</ul>`;
    case 'table':
      return tableText(block, anchors);
    case 'code':
      return codeText(block);
  }
}

function itemText({ words, under = [] }: ListItem, anchors: Anchors): string {
  const nested = under.map(block => `\n${blockText(block, anchors)}`).join('');
  return `<li>${wordsText(words, anchors)}${nested}</li>`;
}

function tableText({ head, rows }: Extract<Block, { kind: 'table' }>, anchors: Anchors): string {
  const cells = (row: readonly Words[]): string =>
    row.map(cell => `<td>${wordsText(cell, anchors)}</td>`).join('');
  const first = head ? `<tr>${head.map(name => `<th>${escape(name)}</th>`).join('')}</tr>\n` : '';
  return `<table>\n${first}${rows.map(row => `<tr>${cells(row)}</tr>`).join('\n')}\n</table>`;
}

function codeText({ text, language }: Extract<Block, { kind: 'code' }>): string {
  const shown = tailOf(sanitiseText(text).trimEnd(), MOST_TEXT);
  if (language !== 'diff') return `<pre>${escape(shown)}</pre>`;
  const lines = shown.split('\n').map(line => {
    const kind = line.startsWith('+') ? 'add' : line.startsWith('-') ? 'cut' : null;
    return kind === null ? escape(line) : `<span class="${kind}">${escape(line)}</span>`;
  });
  return `<pre>${lines.join('\n')}</pre>`;
}

function wordsText(words: Words, anchors: Anchors): string {
  return words.map(word => inlineText(word, anchors)).join('');
}

function inlineText(word: Inline, anchors: Anchors): string {
  if (typeof word === 'string') return escape(sanitiseText(word));
  if ('strong' in word) return `<strong>${escape(sanitiseText(word.strong))}</strong>`;
  if ('value' in word) return `<code>${escape(word.value === '' ? '(none)' : oneLine(word.value))}</code>`;
  const id = escape(oneLine(word.evidence));
  return anchors.has(word.evidence)
    ? `<a class="run" href="#${anchorName(word.evidence)}">[${id}]</a>`
    : `<span class="run">[${id}]</span>`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, character => ESCAPES[character] ?? '');
}
