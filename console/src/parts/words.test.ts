import { expect, it } from 'vitest';
import { agoText, bytesText, countText, durationText, plainText, shellWord } from './words.ts';

it.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [5 * 1024 ** 3, '5.0 GiB'],
])('%i bytes', (bytes, text) => expect(bytesText(bytes)).toBe(text));

it.each([
  [840, '840 ms'],
  [12_000, '12 s'],
  [200_000, '3 min 20 s'],
  [7_500_000, '2 h 5 min'],
  [273_600_000, '3 d 4 h'],
])('%i ms', (milliseconds, text) => expect(durationText(milliseconds)).toBe(text));

it('distances from now', () => {
  expect(agoText(0, 200_000)).toBe('3 min ago');
  expect(agoText(12_000, 0)).toBe('in 12 s');
  expect(agoText(0, 500)).toBe('now');
});

it('what comes from hosts is one harmless line', () => {
  expect(plainText('a\u001b[31m\n  b\u202ec')).toBe('a b\ufffdc');
  expect(plainText('x'.repeat(500))).toHaveLength(301);
});

it('words for shells', () => {
  expect(shellWord('web-1')).toBe('web-1');
  expect(shellWord("it's; rm")).toBe(String.raw`'it'\''s; rm'`);
  expect(countText(1, 'server')).toBe('1 server');
});
