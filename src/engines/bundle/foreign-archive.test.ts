import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { foreignArchive } from './foreign-archive.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archive-'));
  await mkdir(join(folder, 'up/bin'), { recursive: true });
  await writeFile(join(folder, 'up/bin/ollama'), 'a'.repeat(1000));
  await writeFile(join(folder, 'up/long'), 'b'.repeat(70_000));
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

const stages: string[] = [];
const opened = async (path: string, program: string | null = 'bin/ollama') =>
  await foreignArchive({
    path,
    program,
    cacheFolder: join(folder, 'cache'),
    clock: { now: () => Date.now() + 60_000 },
    signal: AbortSignal.timeout(20_000),
    onStage: stage => stages.push(stage),
  });

function packed(name: string, ...words: readonly string[]): string {
  const path = join(folder, name);
  execFileSync('tar', ['-cf', path, '-C', join(folder, 'up'), ...words]);
  return path;
}

it('is looked through once, whatever its names begin with', async () => {
  const path = packed('a.tgz', '-z', '.');
  const found = await opened(path);
  expect(found).toMatchObject({ path, bytes: 71_000, files: 2, isSealed: false, program: 'bin/ollama' });
  expect(found.size).toBe((await stat(path)).size);
  stages.length = 0;
  expect(await opened(path)).toEqual(found);
  expect(stages).toEqual(['hashing the engine']);
});

it('packed with zstd is packed again for hosts that have none, once', async () => {
  const tar = packed('b.tar', 'bin', 'long');
  const path = join(folder, 'b.tar.zst');
  await writeFile(path, zstdCompressSync(await readFile(tar)));
  const found = await opened(path);
  expect(gunzipSync(await readFile(found.path)).equals(await readFile(tar))).toBe(true);
  stages.length = 0;
  expect((await opened(path)).path).toBe(found.path);
  expect(stages).toEqual(['hashing the engine']);
});

it('packed with zstd is packed again by several deployments at once', async () => {
  const path = join(folder, 'd.tar.zst');
  await writeFile(path, zstdCompressSync(await readFile(packed('d.tar', 'bin', 'long'))));
  const found = await Promise.all(Array.from({ length: 6 }, async () => await opened(path)));
  expect(new Set(found.map(each => each.path)).size).toBe(1);
  expect(await readdir(join(folder, 'cache/archives'))).toHaveLength(2);
});

it('that is none, ends too early, lacks its program or leads elsewhere is refused', async () => {
  const whole = packed('c.tgz', '-z', '.');
  await expect(opened(whole, 'bin/other')).rejects.toMatchObject({ code: 'bundle.invalid' });
  const cut = join(folder, 'cut.tgz');
  await writeFile(cut, (await readFile(whole)).subarray(0, 60));
  await expect(opened(cut)).rejects.toMatchObject({ code: 'bundle.invalid' });
  const page = join(folder, 'page.tgz');
  await writeFile(page, '<html>');
  await expect(opened(page)).rejects.toThrow('neither a tar.gz nor a tar.zst');
  await expect(opened(join(folder, 'none'))).rejects.toMatchObject({ code: 'local.file-missing' });
  const away = packed('away.tgz', '-z', '--transform', 's,^long,../long,', 'long');
  await expect(opened(away, null)).rejects.toThrow('leads outside');
});
