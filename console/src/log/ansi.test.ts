import { describe, expect, it } from 'vitest';
import { spansOf } from './ansi.ts';

const ESCAPE = '\u001b';

describe('spansOf', () => {
  it.each([
    ['plain', [{ text: 'plain', look: '' }]],
    [
      `a${ESCAPE}[31mred${ESCAPE}[0mb`,
      [
        { text: 'a', look: '' },
        { text: 'red', look: 'ansi-1' },
        { text: 'b', look: '' },
      ],
    ],
    [`${ESCAPE}[1;4;92mx`, [{ text: 'x', look: 'ansi-10 ansi-bold ansi-underline' }]],
    [
      `${ESCAPE}[38;5;196mx${ESCAPE}[39my`,
      [
        { text: 'x', look: 'ansi-1' },
        { text: 'y', look: '' },
      ],
    ],
    [`${ESCAPE}[38;2;0;200;0mx`, [{ text: 'x', look: 'ansi-2' }]],
    [`${ESCAPE}[48;5;4;31mx`, [{ text: 'x', look: 'ansi-1' }]],
    ['', []],
  ])('%j', (line, spans) => {
    expect(spansOf(line)).toEqual(spans);
  });

  it('takes out every other sequence, and shows control characters harmlessly', () => {
    const line = `${ESCAPE}]0;title\u0007a${ESCAPE}[2Jb${ESCAPE}[10;10Hc\u0000d\u202Ee`;
    expect(spansOf(line)).toEqual([{ text: 'abc\uFFFDd\uFFFDe', look: '' }]);
  });

  it('keeps markup as text', () => {
    expect(spansOf('<img src=x onerror=alert(1)>')).toEqual([
      { text: '<img src=x onerror=alert(1)>', look: '' },
    ]);
  });

  it('is quick with a line of nothing but sequences', () => {
    const line = `${ESCAPE}[31mx`.repeat(3000);
    expect(spansOf(line)).toHaveLength(3000);
  });
});
