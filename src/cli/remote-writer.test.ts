import { expect, test } from 'vitest';
import { remoteWriter } from './remote-writer.ts';

function recording(isTerminal: boolean) {
  const pieces: (string | Uint8Array)[] = [];
  return {
    pieces,
    output: {
      isTerminal,
      columns: () => 80,
      rows: () => 24,
      write: (data: string | Uint8Array) => void pieces.push(data),
    },
  };
}
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('a pipe gets the exact bytes', () => {
  const { pieces, output } = recording(false);
  const writer = remoteWriter(output);
  writer.write(new Uint8Array([0, 255, 27, 91]));
  writer.end();
  expect(pieces).toEqual([new Uint8Array([0, 255, 27, 91])]);
  expect(writer.written()).toBe(4);
});

test('a terminal never gets an escape sequence, also when it arrives in two pieces', () => {
  const { pieces, output } = recording(true);
  const writer = remoteWriter(output);
  writer.write(bytes('plain \u001b'));
  writer.write(bytes('[31mred\u001b]0;title'));
  writer.write(bytes('\u0007 end\r'));
  writer.write(bytes('\nnext\rover'));
  writer.end();
  expect(pieces.join('')).toBe('plain red end\nnext\nover');
});

test('a character split over two pieces is put together', () => {
  const { pieces, output } = recording(true);
  const writer = remoteWriter(output);
  const euro = bytes('€');
  writer.write(euro.slice(0, 1));
  writer.write(euro.slice(1));
  writer.end();
  expect(pieces.join('')).toBe('€');
});

test('an escape sequence that never ends is not held for ever', () => {
  const { pieces, output } = recording(true);
  const writer = remoteWriter(output);
  writer.write(bytes(`\u001b]${'x'.repeat(300)}`));
  writer.write(bytes('after\n'));
  writer.end();
  expect(pieces.join('')).toContain('after');
  expect(pieces.join('')).not.toContain('\u001b');
});
