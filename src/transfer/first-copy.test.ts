import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalConnection } from '../../test/fakes/local-connection.ts';
import { plainTransfer } from '../../test/fakes/plain-transfer.ts';
import { PYTHON_HERE } from './host/python-program.ts';
import { transfer, type TransferOutcome, type TransferRequest } from './transfer.ts';

const canBundle = PYTHON_HERE !== undefined && existsSync(PYTHON_HERE);
const MANY = 300;
let folder: string;
let here: string;
let there: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'first-'));
  [here, there] = [join(folder, 'here'), join(folder, 'empty/there')];
  for (const name of ['bin', 'empty', 'here/sub/deep']) mkdirSync(join(folder, name), { recursive: true });
  for (let index = 0; index < MANY; index += 1)
    writeFileSync(join(here, index % 3 === 0 ? 'sub' : '', `f${index}`), `${index} `.repeat(index));
  writeFileSync(join(folder, 'bin/sh'), `#!/bin/sh\nPATH=${folder}/bin:$PATH\nexec /bin/sh "$@"\n`, {
    mode: 0o755,
  });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function push(more: Partial<TransferRequest> = {}): Promise<TransferOutcome> {
  const connection = new LocalConnection({ home: folder, shellDirectory: join(folder, 'bin') });
  const sides = { direction: 'push', local: here, remote: there, baseFolder: join(folder, 'state') } as const;
  return await transfer({ ...plainTransfer(), ...sides, connection, ...more });
}

/** Contents, modes and times of all that is in a folder. */
function look(root: string): string {
  const script = `cd "$1" && find . -printf '%P %y %m %T@\\n' | LC_ALL=C sort && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum`;
  return spawnSync('sh', ['-c', script, 'sh', root], { encoding: 'latin1' }).stdout;
}

describe.skipIf(!canBundle)('a folder that goes to where nothing is (P06)', () => {
  it('is on its way before all is known, and said to be', async () => {
    const begun: (number | null)[] = [];
    const { error, result } = await push({ onBegin: async bytes => void begun.push(bytes) });
    expect(error).toBeUndefined();
    expect(look(there)).toBe(look(here));
    expect(begun).toEqual([null, result.bytes]);
    expect(readdirSync(join(folder, 'empty'))).toEqual(['there']);
  });

  it('is taken back where it turns out that not all of it goes', async () => {
    // the host's file system takes two names for one
    writeFileSync(join(folder, 'bin/tr'), '#!/bin/sh\nexec cat\n', { mode: 0o755 });
    writeFileSync(join(here, 'Name'), 'one');
    writeFileSync(join(here, 'name'), 'other');
    let last = 0;
    const { error, result } = await push({ onProgress: bytes => void (last = bytes) });
    expect(error?.code).toBe('transfer.conflicts');
    expect(result).toMatchObject({ files: MANY + 1, verified: MANY + 1, conflicts: [{ path: 'name' }] });
    expect(last).toBe(result.bytes);
    expect(readdirSync(there)).toContain('Name');
    expect(readdirSync(there)).not.toContain('name');
    expect(readdirSync(join(folder, 'empty'))).toEqual(['there']);
  });

  it('gets no name when it ends before all is listed', async () => {
    const stop = new AbortController();
    const onBegin = async (): Promise<void> => stop.abort();
    await expect(push({ onBegin, signal: stop.signal })).rejects.toThrow();
    expect(existsSync(there)).toBe(false);
    const refuse = (): Promise<void> => Promise.reject(new Error('not now'));
    await expect(push({ onBegin: refuse })).rejects.toThrow('not now');
    expect(readdirSync(join(folder, 'empty'))).not.toContain('there');
    expect((await push()).error).toBeUndefined();
    expect(look(there)).toBe(look(here));
  });

  it('is compared as always where only a part of it is', async () => {
    mkdirSync(there);
    const begun: (number | null)[] = [];
    const { error, result } = await push({ onBegin: async bytes => void begun.push(bytes) });
    expect(error).toBeUndefined();
    expect(begun).toEqual([result.bytes]);
    expect(look(there)).toBe(look(here));
  });
});
