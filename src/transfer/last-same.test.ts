import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalConnection } from '../../test/fakes/local-connection.ts';
import { systemClock } from '../core/clock.ts';
import type { TransferResult } from '../core/transfer-params.ts';
import { transfer, type TransferRequest } from './transfer.ts';
import { plainTransfer } from '../../test/fakes/plain-transfer.ts';

/** What counts were changed to in what is remembered: an answer with this was not compared. */
const REMEMBERED = 12_345;
/** Seconds since the epoch. */
const OLD = 1_600_000_000;
const isRoot = process.getuid?.() === 0;
/** So much later that nothing is new any more. */
const later = { ...systemClock, now: () => Date.now() + 60_000 };

let folder: string;
let here: string;
let there: string;
let state: string;
let connection: LocalConnection;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'same-'));
  [here, there, state] = [join(folder, 'here'), join(folder, 'there'), join(folder, 'state')];
  connection = new LocalConnection({ home: folder, shellDirectory: '/bin' });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Extra = Partial<TransferRequest>;
async function move(direction: 'push' | 'pull', extra: Extra = {}): Promise<TransferResult> {
  const { result, error } = await transfer({
    ...plainTransfer(),
    connection,
    clock: later,
    local: here,
    remote: there,
    direction,
    exclude: ['*.log', 'cache/'],
    baseFolder: state,
    ...extra,
  });
  if (error) throw error;
  return result;
}

function makeTree(root: string): void {
  mkdirSync(join(root, 'sub', 'deep'), { recursive: true });
  mkdirSync(join(root, 'cache'));
  for (const name of ['one', 'sub/two', 'sub/deep/three \xff', 'noise.log', 'cache/object'])
    writeFileSync(join(root, name), name);
  symlinkSync('one', join(root, 'link'));
  // whole seconds can be set again exactly
  utimesSync(join(root, 'sub/two'), OLD, OLD);
}

function recordFile(): string {
  const [name = '', ...more] = readdirSync(state).filter(each => each.endsWith('.same'));
  expect(more).toEqual([]);
  return join(state, name);
}

/** Equal trees, of which it is remembered that they are; what is remembered is made known by its count. */
async function remember(direction: 'push' | 'pull', extra: Extra = {}): Promise<void> {
  makeTree(direction === 'push' ? here : there);
  if (direction === 'pull') mkdirSync(join(here, 'cache'), { recursive: true });
  await move(direction, extra);
  expect((await move(direction, extra)).files).toBe(0);
  const record = JSON.parse(readFileSync(recordFile(), 'utf8')) as object;
  writeFileSync(recordFile(), JSON.stringify({ ...record, unchanged: REMEMBERED }));
}

type Change = readonly [name: string, (root: string) => void];
const changes: readonly Change[] = [
  ['contents of another size', root => writeFileSync(join(root, 'sub/two'), 'longer than before')],
  ['a time', root => utimesSync(join(root, 'sub/two'), 1e9, 1e9)],
  ['a mode', root => chmodSync(join(root, 'sub/deep/three \xff'), 0o600)],
  ['a mode of a folder', root => chmodSync(join(root, 'sub'), 0o711)],
  ['what a link says', root => replaceLink(root, 'sub/two')],
  ['a file that is new', root => writeFileSync(join(root, 'sub/deep/new'), 'new')],
  ['a file that is gone', root => rmSync(join(root, 'one'))],
  ['a folder that is new', root => mkdirSync(join(root, 'sub/more'))],
  ['another name', root => renameSync(join(root, 'one'), join(root, 'once'))],
  ['a file in the place of a folder', root => fileForFolder(join(root, 'sub/deep'))],
  ...(isRoot
    ? ([
        ['an owner', (root: string) => chownSync(join(root, 'sub/two'), 1234, 0)],
        ['the group of a link', (root: string) => lchownSync(join(root, 'link'), 0, 1234)],
      ] as const)
    : []),
];

function replaceLink(root: string, target: string): void {
  rmSync(join(root, 'link'));
  symlinkSync(target, join(root, 'link'));
}
function fileForFolder(path: string): void {
  rmSync(path, { recursive: true });
  writeFileSync(path, 'file');
}

describe.each(['push', 'pull'] as const)('after a %s that had nothing to do', direction => {
  it('the next one compares nothing while both sides are as they were (P07)', async () => {
    await remember(direction);
    expect(await move(direction)).toMatchObject({ unchanged: REMEMBERED, files: 0 });
    // a new connection is asked what the host has, within the same listing
    connection = new LocalConnection({ home: folder, shellDirectory: '/bin' });
    expect(await move(direction, { dryRun: true })).toMatchObject({ unchanged: REMEMBERED, planCount: 0 });
    expect(statSync(recordFile()).mode & 0o777).toBe(0o600);
  });

  it.each(['here', 'there'] as const)('every change on the side %s is seen', async side => {
    const asked = { deleteExtra: true };
    // what is seen does not depend on the direction
    for (const [name, change] of direction === 'push' ? changes : changes.slice(0, 1)) {
      for (const old of [here, there, state]) rmSync(old, { recursive: true, force: true });
      await remember(direction, asked);
      change(side === 'here' ? here : there);
      const wanted = await move(direction, { ...asked, dryRun: true, baseFolder: '' });
      const found = await move(direction, { ...asked, dryRun: true });
      expect({ name, ...found, duration: 0 }).toEqual({ name, ...wanted, duration: 0 });
    }
  });

  it('other contents of equal size and time are seen here, and their comparison does not remember', async () => {
    await remember(direction);
    const path = join(here, 'sub/two');
    writeFileSync(path, 'SUB/TWO');
    utimesSync(path, OLD, OLD);
    expect((await move(direction)).unchanged).not.toBe(REMEMBERED);
    expect(await move(direction, { compare: 'contents' })).toMatchObject({ files: 1 });
  });

  it('what is left out does not count, here', async () => {
    await remember(direction);
    writeFileSync(join(here, 'cache/object'), 'other');
    expect((await move(direction)).unchanged).toBe(REMEMBERED);
  });

  it.each<[string, Extra]>([
    ['rules', { exclude: ['*.log'] }],
    ['contents', { compare: 'contents' }],
    ['deletions', { deleteExtra: true }],
    ['followed links', { links: 'follow' }],
    ['times that are not kept', { preserve: false }],
  ])('asking for other %s compares anew', async (_name, extra) => {
    await remember(direction);
    expect((await move(direction, { ...extra, dryRun: true })).unchanged).toBeLessThan(REMEMBERED);
  });

  it.each<[string, (text: string) => string]>([
    ['empty', () => ''],
    ['cut', text => text.slice(0, -20)],
    ['no record', () => '[]'],
    ['of another pair', text => text.replace(/"key":"./, '"key":"x')],
    ['without a digest', text => text.replace(/"local":"[^"]*"/, '"local":""')],
  ])('a file that is %s is not believed', async (_name, spoil) => {
    await remember(direction);
    writeFileSync(recordFile(), spoil(readFileSync(recordFile(), 'utf8')));
    expect((await move(direction)).unchanged).toBeLessThan(REMEMBERED);
  });

  it('nothing is remembered that may change within its time, nor where it cannot be kept', async () => {
    makeTree(direction === 'push' ? here : there);
    const young = { clock: { ...systemClock, now: () => statSync(join(here, 'one')).ctimeMs + 1900 } };
    await move(direction);
    await move(direction, young);
    expect(() => readdirSync(state)).toThrow('ENOENT');
    writeFileSync(state, 'a file');
    expect((await move(direction)).files).toBe(0);
  });

  it('nothing is remembered of a run that left something out', async () => {
    makeTree(direction === 'push' ? here : there);
    await move(direction);
    const other = { links: 'skip' as const };
    expect((await move(direction, other)).skippedCount).toBe(1);
    expect(() => readdirSync(state)).toThrow('ENOENT');
  });
});
