import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalConnection } from '../../test/fakes/local-connection.ts';
import type { TransferResult } from '../core/transfer-params.ts';
import { transfer } from './transfer.ts';
import { plainTransfer } from '../../test/fakes/plain-transfer.ts';

const MEBIBYTE = 1024 * 1024;
const hasPython = spawnSync('python3', ['--version']).status === 0;
let folder: string;
let here: string;
let there: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'delta-'));
  [here, there] = [join(folder, 'here'), join(folder, 'there')];
  mkdirSync(here);
  mkdirSync(there);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function move(direction: 'push' | 'pull', inplace: boolean): Promise<TransferResult> {
  const { result, error } = await transfer({
    ...plainTransfer(),
    connection: new LocalConnection({ home: folder, shellDirectory: '/bin' }),
    local: join(here, 'big'),
    remote: join(there, 'big'),
    direction,
    recursive: false,
    inplace,
    baseFolder: folder,
  });
  if (error) throw error;
  return result;
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

const versions: readonly (readonly [string, (old: Buffer) => Buffer])[] = [
  ['changed here and there', old => changedAt(old, [0, 5 * MEBIBYTE + 17, old.length - 1])],
  ['appended to', old => Buffer.concat([old, randomBytes(100_001)])],
  ['cut short', old => old.subarray(0, 11 * MEBIBYTE + 5)],
];

function changedAt(old: Buffer, places: readonly number[]): Buffer {
  const changed = Buffer.from(old);
  for (const place of places) changed[place] = 255 - (old[place] ?? 0);
  return changed;
}

describe.skipIf(!hasPython).each(['push', 'pull'] as const)(
  '%s of a large file that is there in an older version (P08)',
  direction => {
    const [sourceOf, targetOf] = [
      () => join(direction === 'push' ? here : there, 'big'),
      () => join(direction === 'push' ? there : here, 'big'),
    ];

    for (const [name, change] of versions)
      for (const inplace of [true, false])
        it(`sends what was ${name}, ${inplace ? 'in place' : 'into a new file'}`, async () => {
          const old = randomBytes(12 * MEBIBYTE + 1000);
          writeFileSync(targetOf(), old);
          const before = statSync(targetOf()).ino;
          writeFileSync(sourceOf(), change(old));
          const { bytes, files, verified } = await move(direction, inplace);
          expect(hashOf(targetOf())).toBe(hashOf(sourceOf()));
          expect({ files, verified }).toEqual({ files: 1, verified: 1 });
          expect(bytes).toBeLessThan(MEBIBYTE);
          expect(statSync(targetOf()).ino === before).toBe(inplace);
          expect(statSync(targetOf()).mtimeMs).toBeCloseTo(statSync(sourceOf()).mtimeMs, 1);
          expect([...readdirSync(here), ...readdirSync(there)]).toEqual(['big', 'big']);
        });
  },
);
