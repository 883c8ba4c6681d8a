import { expect, test } from 'vitest';
import { diffLines, hunks } from './line-diff.ts';

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
  expect(diffLines(big, `${big}\nx`)).toHaveLength(6001);
});
