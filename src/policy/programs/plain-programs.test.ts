import { expect, test } from 'vitest';
import { awkIsPlain, codeOf } from './awk-program.ts';
import { sedIsPlain } from './sed-script.ts';
import { kindOfSql } from './sql.ts';

test.each([
  ['BEGIN { a = 4 / 2; system("id"); b = 4 / 2 }', 'BEGIN { a = 4 / 2; system(""); b = 4 / 2 }'],
  ['/"/ { print } # "', '// { print }  '],
  ['{ print /a\\/b/ }', '{ print // }'],
  ['x++ / 2', 'x++ / 2'],
  ['{ print "a\\"b" }', '{ print "" }'],
])('awk: where patterns, divisions and strings stand in %s', (text, code) => {
  expect(codeOf(text)?.replaceAll(/\s+/g, ' ')).toBe(code.replaceAll(/\s+/g, ' '));
});

test.each(['{ print (1) /2; "x" }', '/[/]/ { print }', '{ print "a', '/a'])(
  'awk: not certain, so not plain: %s',
  text => {
    expect(codeOf(text)).toBeNull();
    expect(awkIsPlain(text)).toBe(false);
  },
);

test.each(['{ print $1,\n $2 > "/etc/x" }', '{ printf "x" | "sh" }', '$1 > $2 { print > "f" }'])(
  'awk: prints into something: %s',
  text => expect(awkIsPlain(text)).toBe(false),
);

// bash and GNU sed run `id` in the first one: the `/` in brackets is no end of the pattern
test.each([
  ['s/[/x/g;s,],/id/e;#,g', false],
  ['s/[^/]*$//', true],
  ['s/[ \\t]*$//', true],
  ['s/[\\/]x/y/', false],
  ['y/a\\/b/w x/', false],
  ['/[/]w x/p', true],
  ['s/[]/x/e;s/]/y/', true],
  ['s/[^]/x/e;s/]/y/', true],
])('sed: %s', (text, plain) => expect(sedIsPlain(text)).toBe(plain));

test.each([
  ['select count(*) from t where f in (1, 2)', 'looks'],
  ['select drop_it()', 'strange'],
  ['create role x superuser', 'rights'],
  ["insert into t (a) values ('x(1)')", 'changes'],
  ['set global x = 1', 'rights'],
])('sql: %s', (text, kind) => expect(kindOfSql(text)).toBe(kind));
