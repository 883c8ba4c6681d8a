import { expect, test } from 'vitest';
import { canonicalText } from './canonical.ts';
import { everyCommand } from './every-command.ts';
import { hiddenCharacter } from './hidden-characters.ts';
import { LONGEST_SCRIPT, readShell } from './read-script.ts';
import { staticText } from './word-meaning.ts';

const namesOf = (text: string): (string | null)[] =>
  everyCommand(readShell(text)).map(({ words: [first] }) => (first ? staticText(first) : null));

test.each([
  ['quotes and escapes are gone', `r\\m x; 'l's; "c"at`, ['rm', 'ls', 'cat']],
  ['a line may go on', 'r\\\nm x', ['rm']],
  [
    'substitutions, here-documents and defaults are read',
    'a $(b) `c` "${x:-$(d)}" <<E\n$(e)\nE',
    ['a', 'b', 'c', 'd', 'e'],
  ],
  [
    'every branch is read',
    'if a; then b; elif c; then d; else e; fi; case $(f) in x) g;; esac',
    ['a', 'b', 'c', 'd', 'e', 'f', 'g'],
  ],
  ['bodies of functions are read', 'f() { a; (b); }; f', ['a', 'b', 'f']],
  ['a name from a variable is not known', '$x y', [null]],
  ['what dash refuses to read is read as bash does', 'cat <(b) <<< $(c)', ['cat', 'b', 'c']],
  ['a quoted here-document is text', "a <<'E'\n$(b)\nE", ['a']],
])('%s', (_, text, names) => {
  expect(readShell(text).faults).toEqual([]);
  expect(new Set(namesOf(text))).toEqual(new Set(names));
});

test.each([
  "echo 'x",
  'if a; then b',
  '[[ a ]]',
  'a=(1 2)',
  'cat > >(b)',
  "$'\\x72m'",
  'a &> b',
  'echo {a,b}',
  'a |& b',
  'echo $((x + 1))',
  'ls \u202e',
  'ls\u00a0-l',
  'ls\r\nrm x',
  `echo ${'x'.repeat(LONGEST_SCRIPT)}`,
  `${'$('.repeat(300)}a${')'.repeat(300)}`,
])('dash and bash may disagree, or nobody can read it: %s', text => {
  expect(readShell(text).faults).not.toEqual([]);
});

test('a hidden character is named', () => {
  expect(hiddenCharacter('ls \u202e')).toBe('U+202E');
  expect(hiddenCharacter('echo привет 漢字\t\n')).toBeNull();
});

test.each([
  ['rm -r "/srv/a"', "r\\m   '-r' /srv/a"],
  ['a && b', 'a &&\n  b'],
  ['echo $x', 'echo   $x'],
])('equal meaning: %s', (one, other) => {
  expect(canonicalText(readShell(one), one)).toBe(canonicalText(readShell(other), other));
});

test.each([
  ['a && b', 'a || b'],
  ['a; b', 'a && b'],
  ['a | b', 'a; b'],
  ['! a', 'a'],
  ['echo $x', 'echo "$x"'],
  ['echo $x', "echo '$x'"],
  ['a > f', 'a >> f'],
  ['a <<E\n1\nE', 'a <<E\n2\nE'],
  ['a &', 'a'],
  ['while a; do b; done', 'until a; do b; done'],
  ['echo *', "echo '*'"],
])('other meaning: %s', (one, other) => {
  expect(canonicalText(readShell(one), one)).not.toBe(canonicalText(readShell(other), other));
});
