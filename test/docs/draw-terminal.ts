/**
 * Draws a terminal's text as SVG: `npm run -s demo 2>&1 | node test/docs/draw-terminal.ts > docs/picture.svg`.
 * Of the demo it takes the first run, from the command to its verdict; nothing is written into it by hand.
 */
import { text } from 'node:stream/consumers';

const lineHeight = 19;
const characterWidth = 8.2;
const margin = 18;
const mostColumns = 100;

const colours: readonly (readonly [RegExp, string])[] = [
  [/^\s*✓|^Proved|: holds: /, '#7ee787'],
  [/^\s*✗|FAILED|does not hold/, '#ff9b8e'],
  [/^Plan |^Steps|^Hosts|^To be proved|^\$/, '#79c0ff'],
  [/^\s*│|^\s+(?:touches|after|intent|runbook)\b/, '#9aa4b2'],
];

/** The first run of the demo's output. Throws when there is none: better no picture than a wrong one. */
function firstRun(output: string): readonly string[] {
  const lines = output.split('\n');
  const begin = lines.findIndex(line => line.startsWith('Plan '));
  const end = lines.findIndex((line, index) => index > begin && line.startsWith('Proved on'));
  if (begin < 0 || end < 0) throw new Error('The input is not the output of a demo that went well.');
  return lines.slice(begin, end + 1).map(line => line.slice(0, mostColumns));
}

function escape(line: string): string {
  return line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Lines of text as a picture of a terminal; pure. */
function draw(lines: readonly string[]): string {
  const width = Math.ceil(Math.max(...lines.map(line => line.length)) * characterWidth) + 2 * margin;
  const height = lines.length * lineHeight + 2 * margin;
  const rows = lines.map((line, index) => {
    const colour = colours.find(([pattern]) => pattern.test(line))?.[1] ?? '#d7dde5';
    const y = margin + (index + 1) * lineHeight - 5;
    return `  <text x="${margin}" y="${y}" fill="${colour}">${escape(line)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Output of deckhand ask">`,
    `  <rect width="${width}" height="${height}" rx="8" fill="#10151c"/>`,
    '  <g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13.5" xml:space="preserve">',
    ...rows,
    '  </g>',
    '</svg>',
    '',
  ].join('\n');
}

process.stdout.write(draw(firstRun(await text(process.stdin))));
