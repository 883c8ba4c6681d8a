import { expect, test } from 'vitest';
import { holdsPattern } from './text-pattern.ts';

test.each([
  ['ready on port 80\n', 'ready', true],
  ['ready on port 80\n', 'ready*80', true],
  ['ready\non port 80', 'ready*80', true],
  ['port 80 ready', 'ready*80', false],
  ['aab', 'a*a*b', true],
  ['ab', 'a*a*b', false],
  ['5 * 3', String.raw`5 \* 3`, true],
  ['5 x 3', String.raw`5 \* 3`, false],
  [String.raw`C:\x`, String.raw`C:\\x`, true],
  ['a.c', 'a.c', true],
  ['abc', 'a.c', false],
  ['', '*', true],
])('%j holds %j: %s', (text, pattern, holds) => {
  expect(holdsPattern(text, pattern)).toBe(holds);
});

test('a pattern made to be slow is not', () => {
  // a search that goes back would take for ever
  expect(holdsPattern('a'.repeat(1_000_000), `${'a*'.repeat(240)}b`)).toBe(false);
});
