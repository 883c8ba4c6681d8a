import { expect, it } from 'vitest';
import { Asking } from './asking.ts';

it('however often an answer is wanted anew, the one on its way comes first, and one more after it', () => {
  const asking = new Asking();
  expect(asking.want()).toBe(true);
  asking.begin();
  expect([asking.want(), asking.want(), asking.want()]).toEqual([false, false, false]);
  expect(asking.end()).toBe(true);
  asking.begin();
  expect(asking.end()).toBe(false);
  expect(asking.want()).toBe(true);
});
