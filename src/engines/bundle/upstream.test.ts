import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { archiveBundle } from './bundle-cache.ts';
import { hashOf } from './hash-of.ts';

const run = promisify(execFile);
const signal = AbortSignal.timeout(60_000);
let folder: string;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'upstream-'));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

/** The head of a program, as far as it is looked at. */
function program(machine = 62): Buffer {
  const head = Buffer.alloc(64);
  head.write('\u007fELF');
  head.writeUInt16LE(machine, 18);
  return head;
}

/** An archive laid out as the project's release workflow does: one folder with everything. */
async function archived(
  files: Readonly<Record<string, Buffer | string>>,
  link?: string,
  linkName = 'libllama.so',
): Promise<string> {
  const root = join(folder, `${(count += 1)}`);
  const inside = join(root, 'llama-b9999');
  await mkdir(inside, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(inside, name), content);
  if (link !== undefined) await symlink(link, join(inside, linkName));
  const path = join(root, 'llama-b9999-bin-ubuntu-x64.tar.gz');
  await run('tar', ['-czf', path, '-C', root, 'llama-b9999']);
  return path;
}

const whole = {
  'llama-server': program(),
  'llama-cli': program(),
  'libllama.so.0': 'library',
  'libggml-cpu-haswell.so': 'haswell',
  'libggml-cpu-x64.so': 'x64',
  LICENSE: 'MIT License',
};

async function made(path: string, sha256?: string): ReturnType<typeof archiveBundle> {
  const pinned = sha256 ?? (await hashOf(path, signal));
  return await archiveBundle({
    archive: path,
    sha256: pinned,
    cacheFolder: folder,
    signal,
    onStage: () => {},
  });
}

describe("an archive of llama.cpp's own releases", () => {
  it('becomes a bundle with what a server needs and its licence, once', async () => {
    const path = await archived(whole, 'libllama.so.0');
    const bundle = await made(path);
    expect(bundle.made).toBe(true);
    expect(bundle.manifest).toMatchObject({
      version: 'b9999',
      architecture: 'x86_64',
      processors: ['haswell', 'x64'],
      relocation: null,
      packages: [{ name: 'llama-b9999-bin-ubuntu-x64.tar.gz', sha256: await hashOf(path, signal) }],
    });
    const { stdout } = await run('tar', ['-tzf', bundle.path]);
    expect(stdout.split('\n').filter(name => /\/[^/]+$/.test(name))).toEqual([
      './MANIFEST.sha256',
      './bin/llama-server',
      './lib/libggml-cpu-haswell.so',
      './lib/libggml-cpu-x64.so',
      './lib/libllama.so',
      './lib/libllama.so.0',
      './lib/llama-server',
      './licenses/llama.cpp.LICENSE',
      './manifest.json',
    ]);
    expect((await made(path)).made).toBe(false);
  });

  it('for another machine says so in its manifest', async () => {
    const path = await archived({ ...whole, 'llama-server': program(183) });
    expect((await made(path)).manifest.architecture).toBe('aarch64');
  });

  it('brings no file of this machine along as its licence', async () => {
    const secret = join(folder, 'secret');
    await writeFile(secret, 'of this machine');
    const path = await archived(whole, secret, 'LICENSE-more');
    await expect(made(path)).rejects.toThrow('LICENSE-more is no plain file');
    const behind = await archived({ ...whole, 'LICENSE-more': 'MIT' }, 'LICENSE-more', 'LICENSE-link');
    expect((await made(behind)).made).toBe(true);
  });

  it.each([
    [
      'is not what was asked for',
      whole,
      undefined,
      '0'.repeat(64),
      /its SHA-256 is [0-9a-f]{64}, and 0{64} was/,
    ],
    ['has no server', { LICENSE: 'x' }, undefined, undefined, /there is no llama-server in it/],
    ['is for something else', { 'llama-server': 'MZ' }, undefined, undefined, /no program for Linux/],
    ['leads out of itself', whole, '/etc/shadow', undefined, /libllama\.so is no plain file/],
  ])('is refused when it %s', async (_, files, link, sha256, text) => {
    const path = await archived(files, link);
    await expect(made(path, sha256)).rejects.toMatchObject({
      code: 'bundle.invalid',
      message: expect.stringMatching(text) as string,
    });
  });
});
