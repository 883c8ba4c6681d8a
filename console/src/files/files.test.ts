import { describe, expect, it } from 'vitest';
import type { ListedEntry } from 'deckhand/client';
import { endsText, readText, writeText } from './edit-text.ts';
import { rowsSeen, shownEntries, sortedEntries } from './entries.ts';
import { crumbsOf, isPlainName, joined, parentOf } from './paths.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const edit = (before: Uint8Array, change: (text: string) => string): Uint8Array => {
  const read = readText(before);
  if (!read) throw new Error('no text');
  return writeText(change(read.text), read);
};

describe('a file that is edited', () => {
  it.each([
    ['plain', bytes('a\nb\n')],
    ['without an end', bytes('a\nb')],
    ['of Windows', bytes('a\r\nb\r\n')],
    ['mixed', bytes('a\r\nb\nc\rd\r\n\r\n')],
    ['with a mark', bytes('\ufeffgrüße\r\n')],
    ['empty', bytes('')],
    ['Latin-1', Uint8Array.from([0x67, 0xfc, 0x85, 0x0d, 0x0a, 0xff])],
  ])('is the same when nothing was changed: %s', (_, before) => {
    expect(edit(before, text => text)).toEqual(before);
  });

  it('keeps the ends of the lines that stay, new ones end as most do', () => {
    const before = bytes('one\r\ntwo\nthree\r\nfour\r\n');
    const after = edit(before, text => text.replace('three', 'three\nnew').replace('four', '4'));
    expect(new TextDecoder().decode(after)).toBe('one\r\ntwo\nthree\r\nnew\r\n4\r\n');
    expect(endsText(readText(before) ?? { ends: [], text: '', encoding: 'UTF-8', hasMark: false })).toBe(
      'mixed line ends',
    );
  });

  it('says what its encoding has not, and what is no text', () => {
    expect(() => edit(Uint8Array.from([0xfc]), text => `${text}→`)).toThrow("'→'");
    expect(readText(Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 0]))).toBeNull();
  });
});

it('walks paths', () => {
  expect(crumbsOf('/srv/a b')).toEqual([
    ['/', '/'],
    ['srv', '/srv'],
    ['a b', '/srv/a b'],
  ]);
  expect([parentOf('/srv/a'), parentOf('/srv'), parentOf('/')]).toEqual(['/srv', '/', '/']);
  expect([joined('/', 'a'), joined('/srv', 'a')]).toEqual(['/a', '/srv/a']);
  expect(['a', '..', 'a/b', '', 'a\nb'].map(isPlainName)).toEqual([true, false, false, false, false]);
});

it('shows folders first, hides what is hidden, filters in whatever case', () => {
  const entry = (name: string, type: ListedEntry['type'] = 'file'): ListedEntry => ({
    name,
    type,
    size: 1,
    mode: '0644',
    owner: 'root',
    group: 'root',
    modifiedAt: '2026-01-01T00:00:00Z',
  });
  const all = [entry('b'), entry('.a'), entry('web-10'), entry('Web-2'), entry('z', 'directory')];
  const names = (text: string, hidden: boolean): readonly string[] =>
    shownEntries(sortedEntries(all), { text, hidden }).map(({ name }) => name);
  expect(names('', false)).toEqual(['z', 'b', 'Web-2', 'web-10']);
  expect(names('', true)[1]).toBe('.a');
  expect(names('WEB', false)).toEqual(['Web-2', 'web-10']);
});

it('draws the rows that are seen, and some above and below', () => {
  expect(rowsSeen({ scrollTop: 0, height: 300 }, 30, 100_000)).toEqual({ from: 0, to: 20 });
  expect(rowsSeen({ scrollTop: 30 * 5000, height: 300 }, 30, 100_000)).toEqual({ from: 4990, to: 5020 });
  expect(rowsSeen({ scrollTop: 30 * 5000, height: 300 }, 30, 3)).toEqual({ from: 0, to: 3 });
});
