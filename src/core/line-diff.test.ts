import { expect, test } from 'vitest';
import { diffLines, hunks, unifiedDiff } from './line-diff.ts';

const show = (lines: readonly ({ mark: string; text: string } | null)[]) =>
  lines.map(line => (line ? line.mark + line.text : '…'));

test('lines that stay, go and come', () => {
  expect(show(diffLines('a\nb\nc\n', 'a\nx\nc\nd\n'))).toEqual([' a', '-b', '+x', ' c', '+d']);
});
test('from nothing and to nothing', () => {
  expect(show(diffLines('', 'a\n'))).toEqual(['+a']);
  expect(show(diffLines('a\n', ''))).toEqual(['-a']);
  expect(diffLines('', '')).toEqual([]);
});
test('far lines are folded', () => {
  const before = Array.from({ length: 20 }, (_, index) => `l${index}`).join('\n');
  expect(show(hunks(before, before.replace('l10', 'new'), 1))).toEqual([
    '…',
    ' l9',
    '-l10',
    '+new',
    ' l11',
    '…',
  ]);
});
test('texts too big to compare are shown whole', () => {
  const big = Array.from({ length: 3000 }, (_, index) => `${index}`).join('\n');
  expect(diffLines(`a\n${big}\nb`, `x\n${big}\ny`)).toHaveLength(6004);
  expect(diffLines(big, `${big}\nx`)).toHaveLength(3001);
});

/** As `patch` does it: every line that stays or goes must be where the hunk says. */
function patched(before: string, diff: string): string {
  const lines = before.split(/(?<=\n)/).filter(line => line !== '');
  const result: string[] = [];
  let at = 0;
  const plain = diff.replaceAll(/^(.*)\n\\ No newline at end of file$/gm, '$1\0').split('\n');
  for (const line of plain) {
    const head = /^@@ -(\d+)(,0)?/.exec(line);
    if (head) {
      const start = Number(head[1]) - (head[2] === undefined ? 1 : 0);
      result.push(...lines.slice(at, start));
      at = start;
      continue;
    }
    const text = line.endsWith('\0') ? line.slice(1, -1) : `${line.slice(1)}\n`;
    if (line[0] !== '+') expect(lines[at]).toBe(text);
    if (line[0] !== '+') at += 1;
    if (line[0] !== '-') result.push(text);
  }
  return [...result, ...lines.slice(at)].join('');
}

test('unified differences turn the one text into the other, whatever they are', () => {
  const number = (below: number): number => Math.floor(Math.random() * below);
  for (let turn = 0; turn < 300; turn += 1) {
    const lines = Array.from({ length: number(40) }, () => `line ${number(8)}`);
    const changed = lines.flatMap(line =>
      number(9) > 0 ? [line] : number(2) > 0 ? [] : [line, `new ${turn}`],
    );
    const end = (text: string): string => (number(3) > 0 && text !== '' ? `${text}\n` : text);
    const [before, after] = [end(lines.join('\n')), end(changed.join('\n'))];
    const diff = unifiedDiff(before, after);
    expect(diff === '').toBe(before === after);
    if (diff !== '') expect(patched(before, diff)).toBe(after);
  }
});
test('a unified difference looks as people know it', () => {
  const before = Array.from({ length: 20 }, (_, index) => `l${index}\n`).join('');
  expect(unifiedDiff(before, before.replace('l10', 'new'), 1).split('\n')).toEqual([
    '@@ -10,3 +10,3 @@',
    ' l9',
    '-l10',
    '+new',
    ' l11',
  ]);
});
