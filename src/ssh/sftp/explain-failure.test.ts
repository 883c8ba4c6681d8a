import { describe, expect, it } from 'vitest';
import type { FileAttributes } from './attributes.ts';
import { explainFailure, type Look, type Occasion } from './explain-failure.ts';
import type { FileSystemFacts } from './file-system-facts.ts';
import { STATUS } from './protocol-numbers.ts';
import { parentOf, pathKey, pathOfKey, showPath, toRemotePath } from './remote-path.ts';

const ROOMY: FileSystemFacts = {
  available: 10 ** 9,
  total: 10 ** 10,
  availableFiles: 1000,
  files: 2000,
  id: 1n,
  readOnly: false,
  longestName: 255,
};
const FOLDER: FileAttributes = { mode: 0o40755 };
const FILE: FileAttributes = { mode: 0o100644 };

function look(
  entries: Readonly<Record<string, FileAttributes>>,
  facts: Partial<FileSystemFacts> | null,
): Look {
  return {
    lstat: async path => entries[showPath(path)] ?? null,
    facts: async () => (facts === null ? null : { ...ROOMY, ...facts }),
  };
}

async function codeOf(
  operation: Occasion['operation'],
  there: Look,
  {
    path = '/d/f',
    target,
    status = STATUS.failure,
  }: { path?: string; target?: string; status?: number } = {},
): Promise<string> {
  const occasion = {
    operation,
    hostName: 'web',
    path: toRemotePath(path),
    ...(target === undefined ? {} : { target: toRemotePath(target) }),
  };
  return (await explainFailure(occasion, { code: status, message: Buffer.from('Failure') }, there)).code;
}

describe('a bare failure', () => {
  const tree = { '/d': FOLDER, '/d/f': FILE };
  it('of writing: full, out of files, quota', async () => {
    expect(await codeOf('write', look(tree, { available: 4096 }))).toBe('host.disk-full');
    expect(await codeOf('write', look(tree, { availableFiles: 0 }))).toBe('host.disk-full');
    expect(await codeOf('write', look(tree, {}))).toBe('transfer.quota');
    expect(await codeOf('write', look(tree, null))).toBe('transfer.refused');
  });
  it('anywhere: read-only, too long for this file system', async () => {
    expect(await codeOf('remove', look(tree, { readOnly: true }))).toBe('transfer.read-only');
    expect(await codeOf('remove the folder', look(tree, { readOnly: true }), { path: '/d' })).toBe(
      'transfer.read-only',
    );
    expect(await codeOf('create', look({}, { longestName: 8 }), { path: '/123456789' })).toBe(
      'transfer.name-too-long',
    );
  });
  it('of renaming: exists, other file system', async () => {
    const there = look(tree, {});
    expect(await codeOf('rename', there, { path: '/d/x', target: '/d/f' })).toBe('transfer.exists');
    const apart: Look = {
      ...there,
      facts: async path => ({ ...ROOMY, id: showPath(path).startsWith('/mnt') ? 2n : 1n }),
    };
    expect(await codeOf('rename', apart, { path: '/d/f', target: '/mnt/f' })).toBe(
      'transfer.other-file-system',
    );
  });
  it('that nothing explains stays one', async () => {
    expect(await codeOf('change', look(tree, {}))).toBe('transfer.refused');
  });
});

describe('another status', () => {
  it('has its own code', async () => {
    const none = look({}, null);
    expect(await codeOf('open', none, { status: STATUS.permissionDenied })).toBe('transfer.no-permission');
    expect(await codeOf('open', none, { status: STATUS.unsupported })).toBe('transfer.unsupported');
    expect(await codeOf('write', none, { status: STATUS.quotaExceeded })).toBe('transfer.quota');
    expect(await codeOf('open', none, { status: STATUS.noSuchFile })).toBe('transfer.missing');
    const path = `/d/${'x'.repeat(300)}`;
    expect(await codeOf('open', none, { status: STATUS.badMessage, path })).toBe('transfer.name-too-long');
  });
  it('names the file in the way', async () => {
    const there = look({ '/d': FILE }, {});
    expect(await codeOf('open', there, { path: '/d/a/b/c', status: STATUS.noSuchFile })).toBe(
      'transfer.not-a-directory',
    );
  });
});

describe('paths', () => {
  it.each([
    ['/a/b', '/a'],
    ['/a', '/'],
    ['/', '/'],
    ['a', '.'],
    ['a/b/', 'a'],
    ['/a//b', '/a'],
  ])('the parent of %s is %s', (path, parent) => {
    expect(showPath(parentOf(toRemotePath(path)))).toBe(parent);
  });
  it('have a key that stands for exactly their bytes', () => {
    const path = Uint8Array.from({ length: 256 }, (_, value) => value);
    expect([...pathOfKey(pathKey(path))]).toEqual([...path]);
  });
  it('are shown without what a terminal would obey', () => {
    expect(showPath(toRemotePath('a\u001b[31mb\nc'))).toBe('ab\ufffdc');
  });
});
