import { describe, expect, it } from 'vitest';
import { DirectionFilter } from './direction-filter.ts';

const MARKS = '\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069';
const TEXT = `a${MARKS}b\u2028é†‰€\u2070Ø«د\u202e`;

/** What comes out of it, in pieces of so many bytes. */
function filtered(text: string, size: number): string {
  const filter = new DirectionFilter();
  const bytes = new TextEncoder().encode(text);
  const out: number[] = [];
  for (let at = 0; at < bytes.length; at += size) out.push(...filter.take(bytes.subarray(at, at + size)));
  return new TextDecoder().decode(Uint8Array.from(out));
}

describe('marks that turn the direction of writing', () => {
  it.each([1, 2, 3, 4, 7, 1000])('are left out, and nothing else is, in pieces of %i bytes', size => {
    expect(filtered(TEXT, size)).toBe('ab\u2028é†‰€\u2070Ø«د');
  });
  it('output without any is given on as it is', () => {
    const bytes = new TextEncoder().encode('plain \u001b[31mred');
    expect(new DirectionFilter().take(bytes)).toBe(bytes);
  });
});
