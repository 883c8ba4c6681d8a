import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LocalConnection } from '../../test/fakes/local-connection.ts';
import { systemClock } from '../core/clock.ts';
import { copyBetween } from './copy-between.ts';
import type { TransferOutcome } from './transfer-outcome.ts';

let folder: string;
let phases: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'copy-between-'));
  phases = [];
  mkdirSync(join(folder, 'from/sub'), { recursive: true });
  for (const name of ['a', 'sub/b']) writeFileSync(join(folder, 'from', name), name);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function copy(again: boolean, shellDirectory = '/bin'): Promise<TransferOutcome> {
  const host = new LocalConnection({ home: folder, shellDirectory });
  return await copyBetween({
    from: host,
    to: host,
    clock: systemClock,
    signal: new AbortController().signal,
    id: 'task-1',
    source: join(folder, 'from'),
    target: join(folder, 'to'),
    preserve: true,
    again,
    onPhase: phase => phases.push(phase),
    onProgress: () => undefined,
    onBegin: () => Promise.resolve(),
  });
}

it('finds what an earlier claim finished, and removes what that one left beside it', async () => {
  await copy(false);
  // the name was taken, and the link went before anybody heard of it
  mkdirSync(join(folder, '.deckhand-part-task-1'));
  const { result, error } = await copy(true);
  expect(error).toBeUndefined();
  expect(result).toMatchObject({ files: 2, verified: 2, directories: 2 });
  expect(phases.at(-1)).toBe('verifying');
  expect(existsSync(join(folder, '.deckhand-part-task-1'))).toBe(false);
});

it.each([
  ['more', (to: string) => writeFileSync(join(to, 'more'), 'more')],
  ['less', (to: string) => rmSync(join(to, 'sub/b'))],
  ['a longer file', (to: string) => writeFileSync(join(to, 'a'), 'longer')],
  ['another type', (to: string) => (rmSync(join(to, 'a')), mkdirSync(join(to, 'a')))],
] as const)('mixes nothing into a folder that has %s', async (_, change) => {
  const to = join(folder, 'to');
  await copy(false);
  change(to);
  const before = readdirSync(to, { recursive: true });
  await expect(copy(true)).rejects.toMatchObject({ code: 'transfer.exists' });
  expect(readdirSync(to, { recursive: true })).toEqual(before);
});

it('takes no file of equal size for a copy, nor any folder when nothing was begun', async () => {
  await copy(false);
  writeFileSync(join(folder, 'to/a'), 'x');
  await expect(copy(true)).rejects.toMatchObject({ code: 'transfer.checksum' });
  await expect(copy(false)).rejects.toMatchObject({ code: 'transfer.exists' });
  expect(readFileSync(join(folder, 'to/a'), 'utf8')).toBe('x');
});

/** A tar that unpacks as the system's, does a thing more, and says these words. */
function tarThat(does: string, says: string): string {
  const tools = join(folder, 'bin');
  mkdirSync(tools);
  symlinkSync('/bin/sh', join(tools, 'sh'));
  const text = `#!/bin/sh\n/bin/tar "$@" || exit\n[ "$1" = -x ] || exit 0\n${does}\nprintf '%s\\n' ${says} 'tar: Exiting with failure status due to previous errors' >&2; exit 2\n`;
  writeFileSync(join(tools, 'tar'), text, { mode: 0o755 });
  return tools;
}
const RENAMED = `'tar: ./from/sub: Directory renamed before its status could be extracted'`;

it('gives folders what a tar on an overlay could not give them', async () => {
  chmodSync(join(folder, 'from/sub'), 0o750);
  utimesSync(join(folder, 'from/sub'), 1_500_000_000, 1_500_000_000);
  const tools = tarThat('chmod 700 from/sub; touch from/sub', RENAMED);
  const { result, error } = await copy(false, tools);
  expect(error).toBeUndefined();
  expect(result).toMatchObject({ files: 2, verified: 2, directories: 2 });
  const { mode, mtimeMs } = statSync(join(folder, 'to/sub'));
  expect([mode & 0o7777, mtimeMs]).toEqual([0o750, 1_500_000_000_000]);
});

it.each([
  ['a link is missing', 'rm from/link', RENAMED],
  ['another thing failed as well', ':', `'tar: ./from/a: Cannot frobnicate' ${RENAMED}`],
])('copies nothing where %s', async (_, does, says) => {
  symlinkSync('a', join(folder, 'from/link'));
  const said = copy(false, tarThat(does, says));
  await expect(said).rejects.toMatchObject({ code: 'transfer.refused' });
  await expect(said).rejects.toThrow('renamed before its status');
  expect(existsSync(join(folder, 'to'))).toBe(false);
});
