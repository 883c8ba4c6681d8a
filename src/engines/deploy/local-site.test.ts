import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { localSite } from './local-site.ts';

const site = localSite(process.env);
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deckhand-local-'));
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

/** It runs: a process that ended and waits to be fetched does not. */
async function runs(pid: string): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  return !/\) [ZX]/.test(text);
}

it('ends what a script started when it is cut off, and leaves what it put aside', async () => {
  const stop = new AbortController();
  const script = `cd ${folder}; setsid sleep 600 & echo $! > aside; sleep 600 & echo $! > begun.new; mv begun.new begun; wait`;
  const running = site.run(script, { signal: stop.signal });
  const begun = async (): Promise<string> =>
    (await readFile(join(folder, 'begun'), 'utf8').catch(() => '')).trim();
  await expect.poll(begun, { timeout: 30_000 }).not.toBe('');
  const aside = (await readFile(join(folder, 'aside'), 'utf8')).trim();
  await expect
    .poll(async () => await readFile(`/proc/${aside}/cmdline`, 'utf8'), { timeout: 30_000 })
    .toMatch(/^sleep/);
  stop.abort(new Error('enough'));
  await expect(running).rejects.toThrow('enough');
  await expect.poll(async () => await runs(await begun()), { timeout: 30_000 }).toBe(false);
  expect(await runs(aside)).toBe(true);
  process.kill(Number(aside), 'SIGKILL');
});

it('keeps a character whose bytes come in two pieces', async () => {
  const signal = AbortSignal.timeout(60_000);
  const { output } = await site.run("printf 'gr\\303'; sleep 0.2; printf '\\274n'", { signal });
  expect(output).toBe('grün');
});

it('copies a file whole, with its mode, or not at all', async () => {
  const from = join(folder, 'from');
  await writeFile(from, 'a model');
  const done: number[] = [];
  const signal = AbortSignal.timeout(60_000);
  const to = join(folder, 'to');
  expect(await site.put({ from, to, signal, onProgress: bytes => done.push(bytes) })).toBe(7);
  expect([await readFile(to, 'utf8'), done.at(-1)]).toEqual(['a model', 7]);
  // a hole: nothing of it is on the disk
  await truncate(from, 64 * 1024 ** 3);
  const stop = new AbortController();
  const copying = site.put({ from, to: join(folder, 'big'), signal: stop.signal, onProgress: () => {} });
  await expect.poll(async () => await readdir(folder), { timeout: 30_000 }).toContain('big.part');
  stop.abort(new Error('enough'));
  await expect(copying).rejects.toThrow('enough');
  expect((await readdir(folder)).sort()).toEqual(['from', 'to']);
});
