import { array, assert, constantFrom, nat, property, record, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SseLines } from './sse-lines.ts';

function read(chunks: readonly Uint8Array[]): { readonly texts: readonly string[]; readonly bytes: number } {
  const lines = new SseLines();
  const texts = chunks.flatMap(chunk => lines.push(chunk).map(({ text }) => text));
  return { texts, bytes: lines.bytes };
}

describe('an event stream', () => {
  it('is the same text at every split, pings and line ends of all kinds between (T16)', () => {
    const piece = record({
      text: string({ unit: 'grapheme' }).map(text => text.replaceAll(/[\r\n]/g, ' ')),
      end: constantFrom('\n\n', '\r\n\r\n', '\n:\n\n', '\n: ping\n\n'),
    });
    assert(
      property(array(piece, { maxLength: 8 }), array(nat(500)), (pieces, cuts) => {
        const whole = Buffer.from(pieces.map(({ text, end }) => `data: ${text}${end}`).join(''));
        const borders = [0, ...cuts.map(cut => cut % (whole.length + 1)), whole.length].sort((a, b) => a - b);
        const chunks = borders.slice(1).map((border, index) => whole.subarray(borders[index], border));
        expect(read(chunks)).toEqual({ texts: pieces.map(({ text }) => text), bytes: whole.length });
      }),
    );
  });

  it('keeps every character whose bytes come one by one', () => {
    const bytes = Buffer.from('data: grüße 🦜 мир\n\n');
    expect(read([...bytes].map(byte => Uint8Array.of(byte))).texts).toEqual(['grüße 🦜 мир']);
  });

  it('tells errors apart, joins lines of data, ignores other fields', () => {
    const lines = new SseLines();
    expect(lines.push(Buffer.from('id: 1\nerror: {"code":500}\ndata: a\ndata:b\nevent: x\n\n'))).toEqual([
      { field: 'error', text: '{"code":500}' },
      { field: 'data', text: 'a\nb' },
    ]);
  });

  it('does not grow without end by lines of one message', () => {
    const lines = new SseLines();
    const piece = Buffer.from(`data: ${'x'.repeat(1024)}\n`.repeat(1024));
    expect(() => {
      for (let count = 0; count < 10; count += 1) lines.push(piece);
    }).toThrow(/a message of more than/);
    const ended = new SseLines();
    for (let count = 0; count < 10; count += 1)
      expect(ended.push(Buffer.concat([piece, Buffer.from('\n')]))).toHaveLength(1);
  });

  it('does not grow without end', () => {
    const lines = new SseLines();
    const piece = Buffer.alloc(1024 * 1024, 'x');
    expect(() => {
      for (let count = 0; count < 10; count += 1) lines.push(piece);
    }).toThrow(RangeError);
  });
});
