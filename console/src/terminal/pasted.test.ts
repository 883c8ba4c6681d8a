import { describe, expect, it } from 'vitest';
import { harmless, needsQuestion, shown } from './pasted.ts';

describe('what is pasted', () => {
  it.each([
    ['ls -l', false],
    ['a\tb', false],
    ['ls -l\n', false],
    ['ls\r\n', false],
    ['one\ntwo', true],
    ['one\rtwo', true],
    ['one\n\n', true],
    // it would end the bracket that keeps a paste from being run
    ['a\u001b[201~rm', true],
    ['a\u0003', true],
    ['x'.repeat(2001), true],
  ])('%j: asked about is %s', (text, asks) => expect(needsQuestion(text)).toBe(asks));

  it('loses what nobody sees', () => {
    expect(harmless('a\u001b[201~b\u0003\tc\n')).toBe('a[201~b\tc\n');
    expect(shown('a\r\nb\rc')).toBe('a\nb\nc');
    expect(shown('x'.repeat(2010))).toMatch(/… 10 more$/);
  });
});
