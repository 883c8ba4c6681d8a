import { describe, expect, it } from 'vitest';
import { SseDecoder, type SseMessage } from './sse-decoder.ts';

const utf8 = new TextEncoder();
const decode = (...chunks: readonly Uint8Array[]): readonly SseMessage[] => {
  const decoder = new SseDecoder();
  return chunks.flatMap(chunk => decoder.push(chunk));
};

const lines = [
  ': heartbeat 💓',
  '',
  'id: 7',
  'event: output',
  'data: {"text":"grüße 🚢 日本"}',
  '',
  'data: one',
  'data:two: 2',
  'data',
  '',
  'event: empty',
  '',
  'retry: 5',
  'data: ünd',
  '',
  'data: cut off',
];
const expected: readonly SseMessage[] = [
  { id: '7', event: 'output', data: '{"text":"grüße 🚢 日本"}' },
  { id: null, event: 'message', data: 'one\ntwo: 2\n' },
  { id: null, event: 'message', data: 'ünd' },
];

describe('SseDecoder', () => {
  // the mixed text ends lines in turn with each of the three
  const endings = ['\n', '\r\n', '\r'];
  const texts = {
    LF: lines.join('\n'),
    CRLF: lines.join('\r\n'),
    CR: lines.join('\r'),
    mixed: lines.map((line, index) => line + (line === '' ? '\r\n' : endings[index % 2])).join(''),
  };
  it.each(Object.entries(texts))('%s: every split position gives the same messages (T16)', (_name, text) => {
    const bytes = utf8.encode(text);
    expect(decode(bytes).slice(0, 3)).toEqual(expected);
    const whole = JSON.stringify(decode(bytes));
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(JSON.stringify(decode(bytes.subarray(0, cut), bytes.subarray(cut))), `cut at ${cut}`).toBe(
        whole,
      );
    }
  });

  it.each(Object.entries(texts))('%s: every pair of split positions', (_name, text) => {
    const bytes = utf8.encode(text);
    const whole = JSON.stringify(decode(bytes));
    let differing = 0;
    for (let first = 0; first <= bytes.length; first += 1) {
      for (let second = first; second <= bytes.length; second += 1) {
        const parts = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
        if (JSON.stringify(decode(...parts)) !== whole) differing += 1;
      }
    }
    expect(differing).toBe(0);
  });

  it('byte by byte', () => {
    const bytes = utf8.encode(texts.CRLF);
    expect(decode(...Array.from(bytes, byte => new Uint8Array([byte])))).toEqual(decode(bytes));
  });

  it('a byte order mark is no part of the first field', () => {
    expect(decode(utf8.encode('\ufeffdata: a\n\n'))).toEqual([{ id: null, event: 'message', data: 'a' }]);
  });

  it('a line of many chunks is joined in linear time', () => {
    const decoder = new SseDecoder();
    const chunk = utf8.encode('x'.repeat(1024));
    decoder.push(utf8.encode('data: '));
    for (let count = 0; count < 16 * 1024; count += 1) decoder.push(chunk);
    expect(decoder.push(utf8.encode('\n\n'))[0]?.data.length).toBe(16 * 1024 * 1024);
  });

  it('a message without end is refused', () => {
    const decoder = new SseDecoder();
    const chunk = utf8.encode('x'.repeat(1024 * 1024));
    expect(() => {
      for (let count = 0; count < 100; count += 1) decoder.push(chunk);
    }).toThrow(RangeError);
  });
});
