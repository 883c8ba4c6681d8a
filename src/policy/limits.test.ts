import { expect, test } from 'vitest';
import { judgeCommand } from './judge.ts';

/** Texts that grow when they are followed; judging them must end, and soon: the time limit of the test is the check. */
test.each([
  ['loops in loops', `${'for a in 1 2 3 4 5 6 7 8 9; do '.repeat(30)}ls${'; done'.repeat(30)}`],
  ['wrappers of wrappers', `${'sudo '.repeat(3000)}ls`],
  ['xargs of xargs', `${'xargs '.repeat(3000)}ls`],
  ['stars', `cat /${'*a'.repeat(200)}b`],
  ['shells in shells', `${'eval '.repeat(200)}ls`],
  ['substitutions', `${'$('.repeat(2000)}ls${')'.repeat(2000)}`],
  ['parentheses', '('.repeat(20_000)],
  ['a long sed script', `sed '${'p;'.repeat(20_000)}x y'`],
])('%s', (_, text) => {
  expect(judgeCommand(text).segments.length).toBeLessThan(10_000);
});
