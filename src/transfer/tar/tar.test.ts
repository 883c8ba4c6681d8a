import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rawToBytes } from '../../core/raw-path.ts';
import { ARCHIVE_END, encodeHeader, type Member, paddingOf } from './header.ts';
import { TarReader } from './reader.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tar-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Read = Member & { readonly contents: string };

async function read(archive: Buffer, pieceLength = archive.length): Promise<Read[]> {
  const members: Read[] = [];
  let member: Member | undefined;
  let contents: Buffer[] = [];
  const reader = new TarReader({
    onMember: found => {
      member = found;
      contents = [];
    },
    onContents: bytes => void contents.push(Buffer.from(bytes)),
    onEnd: () => {
      if (member) members.push({ ...member, contents: Buffer.concat(contents).toString('latin1') });
    },
  });
  for (let at = 0; at < archive.length; at += pieceLength)
    await reader.add(archive.subarray(at, at + pieceLength));
  expect(reader.isComplete).toBe(true);
  return members;
}

function archiveOf(members: readonly Read[]): Buffer {
  const blocks = members.flatMap(member => {
    const contents = rawToBytes(member.contents);
    return [encodeHeader(member), contents, Buffer.alloc(paddingOf(contents.length))];
  });
  return Buffer.concat([...blocks, ARCHIVE_END]);
}

function file(path: string, contents = '', fields: Partial<Member> = {}): Read {
  const mtime = 1_700_000_000_123_456_789n;
  return {
    path,
    type: 'file',
    size: contents.length,
    mode: 0o644,
    mtime,
    uid: 0,
    gid: 0,
    link: null,
    contents,
    ...fields,
  };
}

describe('the tar stream', () => {
  const long = `${'d'.repeat(200)}/${'n'.repeat(250)}`;
  const members = [
    file('plain', 'hello'),
    file('empty folder', '', { type: 'directory', mode: 0o2750 }),
    file('a\nb \xff\xfe', 'x'.repeat(513)),
    file('old', 'o', { mtime: -1_500_000_000n, mode: 0o4711 }),
    file('far', 'f', { mtime: 9_999_999_999_000_000_000n, uid: 3_000_000, gid: 3_000_001 }),
    file('d'.repeat(200), '', { type: 'directory' }),
    file(long, 'long'),
    file('link', '', { type: 'symlink', link: `${'t'.repeat(150)}\xe9` }),
    file('second', '', { type: 'hardlink', link: 'plain' }),
  ];

  it('is read back as it was written, whatever pieces it comes in', async () => {
    for (const pieceLength of [1, 7, 511, 512, 513, 100_000])
      expect(await read(archiveOf(members), pieceLength)).toEqual(members);
  });

  it('is unpacked by GNU tar to the byte and the nanosecond', () => {
    execFileSync('tar', ['-xpf', '-', '--numeric-owner'], { cwd: folder, input: archiveOf(members) });
    const at = (path: string): Buffer => Buffer.concat([Buffer.from(`${folder}/`), rawToBytes(path)]);
    for (const { path, type, contents, mtime, mode } of members) {
      const stats = lstatSync(at(path), { bigint: true });
      if (type === 'file') expect(readFileSync(at(path)).toString('latin1')).toBe(contents);
      if (type !== 'symlink') expect(Number(stats.mode) & 0o7777).toBe(mode);
      if (type === 'file' && mtime > 0n) expect(stats.mtimeNs).toBe(mtime);
    }
    expect(readlinkSync(at('link'), 'latin1')).toBe(`${'t'.repeat(150)}\xe9`);
    expect(lstatSync(at('plain')).ino).toBe(lstatSync(at('second')).ino);
  });

  it('is unpacked by busybox, names and contents to the byte', () => {
    execFileSync('busybox', ['tar', '-xpf', '-'], { cwd: folder, input: archiveOf(members.slice(0, 8)) });
    expect(readFileSync(join(folder, long), 'latin1')).toBe('long');
    expect(readdirSync(folder, { encoding: 'buffer' }).map(name => name.toString('latin1'))).toContain(
      'a\nb \xff\xfe',
    );
  });

  it('is read from GNU tar and busybox in each of their formats', async () => {
    mkdirSync(join(folder, 'd'.repeat(200)));
    writeFileSync(join(folder, long), 'long');
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/a\n`), Buffer.from([0xff])]), 'x'.repeat(2000));
    symlinkSync('t'.repeat(150), join(folder, 'link'));
    utimesSync(join(folder, long), 1_700_000_000.5, 1_700_000_000.5);
    const seen = new Set<string>();
    for (const [tool, ...words] of [
      ['tar', '--format=gnu', '-cf', '-', '.'],
      ['tar', '--format=posix', '-cf', '-', '.'],
      ['busybox', 'tar', '-cf', '-', '.'],
    ] as const) {
      const archive = execFileSync(tool, words, { cwd: folder, maxBuffer: 1e8 });
      const found = await read(archive, 1000);
      seen.add(
        JSON.stringify(
          found.map(({ path, type, contents, link }) => [path, type, contents, link].join('|')).sort(),
        ),
      );
      expect(found.find(({ path }) => path === `./${long}`)?.mtime).toBe(
        words[0] === '--format=posix' ? 1_700_000_000_500_000_000n : 1_700_000_000_000_000_000n,
      );
    }
    expect(seen.size).toBe(1);
  });

  it('refuses what is no archive, without growing', async () => {
    const refused = { code: 'transfer.protocol' };
    await expect(read(Buffer.alloc(512, 'x'))).rejects.toMatchObject(refused);
    await expect(read(encodeHeader(file('x', '', { size: 2 ** 60 })))).rejects.toMatchObject(refused);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 512, maxLength: 3000 }), async bytes => {
        const reader = new TarReader({
          onMember: () => undefined,
          onContents: () => undefined,
          onEnd: () => undefined,
        });
        await reader.add(bytes).catch((error: unknown) => expect(error).toMatchObject(refused));
      }),
      { numRuns: 200 },
    );
    const cut = archiveOf(members).subarray(0, 5000);
    await expect(read(cut)).rejects.toThrow();
  });
});
