import { expect, it } from 'vitest';
import { Learned } from './learned.ts';

const { signal } = new AbortController();

it('says of what could not be found out in time that it is down, and tries anew', async () => {
  let tries = 0;
  const learned = new Learned(20, async late => {
    tries += 1;
    if (tries > 1) return 'known';
    return await new Promise<string>((_, reject) =>
      late.addEventListener('abort', () => reject(new Error('Connecting was cancelled.'))),
    );
  });
  await expect(learned.get(signal)).rejects.toMatchObject({
    code: 'engine.down',
    message: 'How to speak to it was not found out within 0.02 seconds.',
  });
  expect(await learned.get(signal)).toBe('known');
});
