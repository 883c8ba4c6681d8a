import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalConnection } from '../../test/fakes/local-connection.ts';
import { systemClock } from '../core/clock.ts';
import type { TransferResult } from '../core/transfer-params.ts';
import { copyBetween } from './copy-between.ts';
import { HashLines } from './host/hash-remote.ts';
import { SafeFolders } from './move/local-place.ts';
import { ARCHIVE_END } from './tar/header.ts';
import { member } from './tar/sample-members.ts';
import { transfer, type TransferOutcome } from './transfer.ts';
import { plainTransfer } from '../../test/fakes/plain-transfer.ts';

let folder: string;
let here: string;
let there: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hostile-'));
  [here, there] = [join(folder, 'here'), join(folder, 'there')];
  mkdirSync(there);
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/sh'), '#!/bin/sh\nexec /bin/sh "$@"\n', { mode: 0o755 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A tar that answers with this archive, whatever it is asked for. */
function makeTar(archive: readonly Buffer[]): void {
  writeFileSync(join(folder, 'archive'), Buffer.concat([...archive, ARCHIVE_END]));
  const tool = `#!/bin/sh\ncase "$*" in *--version*) echo "tar (GNU tar) 1.35";; *) cat >/dev/null; cat ${folder}/archive;; esac\n`;
  writeFileSync(join(folder, 'bin/tar'), tool, { mode: 0o755 });
}

async function download(archive: readonly Buffer[]): Promise<TransferOutcome> {
  makeTar(archive);
  return await transfer({
    ...plainTransfer(),
    connection: new LocalConnection({ home: folder, shellDirectory: join(folder, 'bin') }),
    local: here,
    remote: there,
    direction: 'pull',
    intoFolder: true,
    baseFolder: join(folder, 'state'),
  });
}

describe('a hostile host', () => {
  it('writes nothing that was not listed, wherever its archive says it should go', async () => {
    writeFileSync(join(there, 'a'), 'wanted');
    const { error } = await download([
      member('../outside', 'o'),
      member(`${folder}/absolute`, 'o'),
      member('./b', 'never listed'),
      member('./a', '', { type: 'symlink', link: folder }),
      member('./a/inside', 'o'),
      member('./a', 'wanted'),
      member('./a', 'again'),
    ]);
    expect(error).toBeUndefined();
    expect(readdirSync(here)).toEqual(['a']);
    expect(readFileSync(join(here, 'a'), 'utf8')).toBe('wanted');
    expect(readdirSync(folder).sort()).toEqual(['archive', 'bin', 'here', 'there']);
  });

  it('gets nothing under its name that differs from what its file holds', async () => {
    writeFileSync(join(there, 'a'), 'wanted');
    writeFileSync(join(there, 'b'), 'b');
    const { error, result } = await download([member('./a', 'wrong!'), member('./b', 'b')]);
    expect(error?.code).toBe('transfer.some-failed');
    expect(result.failures).toMatchObject([{ path: 'a', error: { code: 'transfer.changed' } }]);
    expect(readdirSync(here)).toEqual(['b']);
  });

  it('cannot lead through a link that stands where a folder was', () => {
    mkdirSync(join(here, 'sub'), { recursive: true });
    const safe = new SafeFolders(here);
    expect(() => safe.check('sub/file')).not.toThrow();
    rmSync(join(here, 'sub'), { recursive: true });
    symlinkSync(folder, join(here, 'sub'));
    expect(() => new SafeFolders(here).check('sub/file')).toThrow(/not a folder of the target/);
  });
});

describe('a hostile host that is copied from', () => {
  async function copyFrom(archive: readonly Buffer[]): Promise<TransferResult> {
    makeTar(archive);
    const other = join(folder, 'other');
    mkdirSync(other);
    const { result } = await copyBetween({
      from: new LocalConnection({ home: folder, shellDirectory: join(folder, 'bin') }),
      to: new LocalConnection({ home: other, shellDirectory: '/bin' }),
      clock: systemClock,
      signal: new AbortController().signal,
      id: 'task-1',
      source: there,
      target: join(other, 'copy'),
      preserve: true,
      again: false,
      onPhase: () => undefined,
      onProgress: () => undefined,
      onBegin: () => Promise.resolve(),
    });
    return result;
  }

  it('adds nothing to what the other host gets', async () => {
    writeFileSync(join(there, 'a'), 'wanted');
    writeFileSync(join(there, 'b'), 'b');
    writeFileSync(join(folder, 'secret'), 'secret');
    const result = await copyFrom([
      member('./there', '', { type: 'directory' }),
      member('./there/../../outside', 'o'),
      member(`${folder}/absolute`, 'o'),
      member('./there/b', '', { type: 'hardlink', link: '../../secret' }),
      member('./there/a', '', { type: 'symlink', link: '/' }),
      member('./there/more', 'never listed'),
      member('./there/a', 'wanted'),
      member('./there/b', 'b'),
    ]);
    expect(result).toMatchObject({ files: 2, verified: 2 });
    expect(readdirSync(join(folder, 'other'), { recursive: true }).map(String).sort()).toEqual([
      'copy',
      'copy/a',
      'copy/b',
    ]);
  });

  it('is said to have sent less than it listed', async () => {
    writeFileSync(join(there, 'a'), 'a');
    const short = copyFrom([member('./there', '', { type: 'directory' })]);
    await expect(short).rejects.toMatchObject({ code: 'transfer.changed' });
  });
});

describe('lines of hashes', () => {
  const hash = (digit: string): string => digit.repeat(64);

  it('belong to the names that were asked for, in order, however they are cut and escaped', () => {
    const names = ['plain', 'new\nline', 'back\\slash', 'absent', `x\n${hash('f')}  plain`, 'last'];
    const text = [
      `${hash('1')}  plain\n`,
      `\\${hash('2')}  new\\nline\n`,
      `\\${hash('3')}  back\\\\slash\n`,
      `${hash('4')}  ${names[4]}\n`,
      `${hash('5')} *last\n`,
    ].join('');
    for (const length of [1, 10, 1000]) {
      const lines = new HashLines(names);
      for (let at = 0; at < text.length; at += length)
        lines.add(Buffer.from(text.slice(at, at + length), 'latin1'));
      expect([...lines.end()]).toEqual([
        ['plain', hash('1')],
        ['new\nline', hash('2')],
        ['back\\slash', hash('3')],
        [names[4], hash('4')],
        ['last', hash('5')],
      ]);
    }
  });

  it('without an end are given up at once', () => {
    const lines = new HashLines(['a', 'longer name']);
    lines.add(Buffer.from(hash('1')));
    expect(() => lines.add(Buffer.from(hash('1').repeat(2)))).toThrow(/nobody asked for/);
  });

  it('that nobody asked for are an error', () => {
    const lines = new HashLines(['a']);
    lines.add(Buffer.from(`${hash('1')}  b\n`));
    expect(() => lines.end()).toThrow(/nobody asked for/);
  });
});
