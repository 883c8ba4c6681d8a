import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { modelDisconnect } from './model-connect.ts';
import type { TaskWork } from './task-kind.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'disconnect-'));
  vi.stubEnv('XDG_STATE_HOME', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

it('removes a key that was typed, and no file of the person', async () => {
  const typed = join(folder, 'deckhand/keys/ab.key');
  const named = join(folder, 'mine.key');
  await mkdir(join(folder, 'deckhand/keys'), { recursive: true });
  const gone: string[] = [];
  for (const keyFile of [typed, named]) {
    await writeFile(keyFile, 'sesame');
    const work = {
      task: { host: 'web-1' },
      params: { name: 'theirs', keyFile },
      detached: async (host: string, name: string) =>
        await Promise.resolve(void gone.push(`${host}/${name}`)),
    };
    const outcome = await modelDisconnect.run(
      work as unknown as TaskWork<{ name: string; keyFile: string | null }>,
    );
    expect(outcome.end).toBe('succeeded');
  }
  expect(gone).toEqual(['web-1/theirs', 'web-1/theirs']);
  await expect(stat(typed)).rejects.toThrow('ENOENT');
  expect((await stat(named)).isFile()).toBe(true);
});
