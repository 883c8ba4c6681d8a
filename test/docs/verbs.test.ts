import { expect, test } from 'vitest';
import { BUILT_IN_KINDS } from '../../src/daemon/kinds.ts';
import { routesByOperation } from './api-page.ts';
import { allVerbs, VERBS } from './verbs.ts';

const served = routesByOperation();

test('every command of the command line has its way over HTTP, or a reason to have none: test/docs/verbs.ts', () => {
  expect(Object.keys(VERBS).toSorted()).toEqual([...allVerbs()].toSorted());
});

test.each(Object.entries(VERBS))('%s: what it names is served', (_, way) => {
  if ('local' in way) expect(way.local).not.toBe('');
  else if ('by' in way) expect(way.by.filter(operation => !served.has(operation))).toEqual([]);
  else {
    const known = BUILT_IN_KINDS.map(({ name }) => name);
    expect(way.kind.filter(name => !known.includes(name))).toEqual([]);
  }
});
