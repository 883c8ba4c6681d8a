import { mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readKnownHosts } from './known-hosts-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'known-hosts-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A line whose key is a key as far as known_hosts can tell. */
function line(host: string, seed: number): string {
  const blob = Buffer.concat([
    Buffer.from([0, 0, 0, 11]),
    Buffer.from('ssh-ed25519'),
    Buffer.alloc(32, seed),
  ]);
  return `${host} ssh-ed25519 ${blob.toString('base64')}\n`;
}

describe('known_hosts files', () => {
  it('are parsed once for many hosts, and again when they are others, to the byte and the time stamp', async () => {
    const file = join(folder, 'known_hosts');
    await writeFile(file, line('web', 1));
    const [first] = await readKnownHosts([file, join(folder, 'missing')]);
    expect(first).toMatchObject({ hosts: 'web', file, line: 1 });
    const [again] = await readKnownHosts([join(folder, 'missing'), file]);
    expect(again).toBe(first);

    // as long as before, and as old: somebody put another key there
    const time = new Date(1_700_000_000_000);
    await utimes(file, time, time);
    await readKnownHosts([file]);
    await writeFile(`${file}.new`, line('web', 2));
    await utimes(`${file}.new`, time, time);
    await rename(`${file}.new`, file);
    const [other] = await readKnownHosts([file]);
    expect(other?.key).not.toBe(first?.key);

    await rm(file);
    expect(await readKnownHosts([file])).toEqual([]);
  });
});
