import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepKey } from './kept-keys.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keys-'));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

describe('a key that was typed', () => {
  it('is in a file of this account alone, and goes unless it is to stay', async () => {
    const environment = { XDG_STATE_HOME: folder };
    let path: string;
    {
      await using kept = await keepKey('sesame', environment);
      path = kept.path;
      expect(await readFile(path, 'utf8')).toBe('sesame\n');
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
    }
    await expect(stat(path)).rejects.toThrow('ENOENT');
    {
      await using kept = await keepKey('sesame', environment);
      path = kept.path;
      kept.stay();
    }
    expect(await readFile(path, 'utf8')).toBe('sesame\n');
  });
});
