import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { printBytes, quote, quoteAll } from './quote.ts';

const SHELLS = [['dash'], ['bash'], ['busybox', 'ash']].filter(([program]) =>
  ['/bin', '/usr/bin'].some(folder => existsSync(`${folder}/${program}`)),
);

function run(shell: readonly string[], script: string): Buffer {
  return spawnSync(shell[0]!, [...shell.slice(1), '-c', script], { maxBuffer: 1 << 24 }).stdout;
}

const HOSTILE = [
  '',
  ' ',
  'plain',
  "it's",
  "''",
  '$(touch /tmp/x) `id` $HOME',
  'a\nb\n',
  '-n',
  '\\',
  '\\n%s%d',
  '"',
  'é ü 日本',
  '*?[a]~#!',
  '\r\t',
];

describe.each(SHELLS)('%s %s', (...shell) => {
  const words = shell.filter((word): word is string => typeof word === 'string');
  test('quote keeps every word as it is', () => {
    const script = HOSTILE.map(word => `printf '%s\\0' ${quote(word)}`).join('\n');
    expect(run(words, script).toString().split('\0').slice(0, -1)).toEqual(HOSTILE);
  });

  test('printBytes prints exactly the bytes', () => {
    const all = Uint8Array.from({ length: 256 }, (_, index) => index);
    const large = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 31) % 256);
    for (const bytes of [new Uint8Array(), all, large, ...HOSTILE.map(text => Buffer.from(text))]) {
      // A single argument is limited to 128 KiB, so the large one is fed by stdin.
      const result = spawnSync(words[0]!, words.slice(1), { input: printBytes(bytes), maxBuffer: 1 << 24 });
      expect(result.stdout.equals(bytes)).toBe(true);
    }
  });
});

test('quoteAll joins, and a NUL byte is refused', () => {
  expect(quoteAll(['ls', '-l', 'a b'])).toBe("ls -l 'a b'");
  expect(quote('')).toBe("''");
  expect(() => quote('a\0')).toThrow(TypeError);
});
