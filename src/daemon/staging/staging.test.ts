import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { Staging } from './staging.ts';

it('the first file of all finds no folder', async () => {
  const root = await mkdtemp(join(tmpdir(), 'deckhand-staging-'));
  const folder = join(root, 'state', 'staging');
  const onTrouble = (error: unknown): void => expect.fail(String(error));
  try {
    await using staging = new Staging({
      folder,
      clock: systemClock,
      carrier: () => Promise.resolve('open'),
      onTrouble,
    });
    const id = await staging.beginUpload('me', 'a.bin', 3);
    expect(await staging.add('me', id, 0, Buffer.from('abc'))).toBe(3);
    expect(await staging.whole('me', id)).toBe(join(folder, id, 'file', 'a.bin'));
    expect(await readdir(folder)).toEqual([id]);
  } finally {
    await rm(root, { recursive: true });
  }
});
