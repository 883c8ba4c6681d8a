import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writePrivately } from './report-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deckhand-report-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

it('a report is for this account alone, also where others could read what it replaces', async () => {
  const file = join(folder, 'run.md');
  await writeFile(file, 'a longer one than the next');
  await chmod(file, 0o644);
  await writePrivately('--report', file, 'short');
  expect([await readFile(file, 'utf8'), (await stat(file)).mode & 0o777]).toEqual(['short', 0o600]);
});

it('a device takes one, and where nothing may be written it is said', async () => {
  await symlink('/dev/null', join(folder, 'out.md'));
  await writePrivately('--report', join(folder, 'out.md'), 'text');
  await expect(writePrivately('--report', join(folder, 'none', 'a.md'), 'text')).rejects.toMatchObject({
    code: 'local.file-missing',
  });
});
