import { expect, it } from 'vitest';
import { OneAtATime } from './one-at-a-time.ts';

it('who asks in the very moment in which the work before ends is not forgotten', async () => {
  const one = new OneAtATime();
  const [wanted, seen]: [string[], string[]] = [['a'], []];
  const work = async (): Promise<void> => {
    seen.push(...wanted.splice(0));
    await Promise.resolve();
  };
  const first = one.run(work);
  // after it looked, before it is over
  wanted.push('b');
  await Promise.all([first, one.run(work)]);
  expect(seen).toEqual(['a', 'b']);
});

it('what was given up is not done again, and hinders nobody', async () => {
  const one = new OneAtATime();
  const never = Promise.withResolvers<void>();
  let begun = 0;
  const stuck = one.run(async () => {
    begun += 1;
    await never.promise;
  });
  await one.run(() => Promise.reject(new Error('it is under way')));
  one.giveUp();
  await one.run(async counts => {
    expect(counts()).toBe(true);
  });
  never.resolve();
  await stuck;
  expect(begun).toBe(1);
});
