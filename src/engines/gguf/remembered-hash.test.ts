import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rememberedHash } from './remembered-hash.ts';

const signal = AbortSignal.timeout(60_000);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hash-'));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('the hash of a large file', () => {
  it('is read once, and again only when the file changed', async () => {
    const path = join(folder, 'model.gguf');
    const cacheFolder = join(folder, 'cache');
    const clock = { now: () => Date.now() + 60_000 };
    const ask = async () => await rememberedHash({ path, cacheFolder, clock, signal });
    await writeFile(path, 'first');
    expect(await ask()).toBe(sha256('first'));
    const [name] = await readdir(join(cacheFolder, 'hashes'));
    const note = join(cacheFolder, 'hashes', name ?? '');
    // what is remembered is taken, not the file: it is told apart by a note that lies
    await writeFile(note, (await readFile(note, 'utf8')).replace(sha256('first'), sha256('a lie')));
    expect(await ask()).toBe(sha256('a lie'));
    // equal length, and its time set back: the inode's own time tells, which some kernels keep to 4 milliseconds
    await new Promise(resolve => setTimeout(resolve, 20));
    await writeFile(path, 'other');
    await utimes(path, 1, 1);
    expect(await ask()).toBe(sha256('other'));
    await writeFile(note, '{"path":');
    expect(await ask()).toBe(sha256('other'));
  });

  it('is not remembered of a file that may still be written to', async () => {
    const path = join(folder, 'fresh.gguf');
    const cacheFolder = join(folder, 'fresh-cache');
    await writeFile(path, 'fresh');
    await rememberedHash({ path, cacheFolder, clock: { now: () => 0 }, signal });
    await expect(readdir(join(cacheFolder, 'hashes'))).rejects.toThrow('ENOENT');
  });
});
