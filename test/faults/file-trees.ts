import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabHost } from '../lab/lab.ts';
import { onHost } from './lab-fleet.ts';

/** One line for each thing under a folder, in order: name, type, mode, size, time, link; then what files hold. */
const GNU_LOOK = [
  String.raw`find . -type f -printf '%P %y %m %s %T@ %n\0' -o -printf '%P %y %m %T@ %l\0' | sort -z | tr '\0\n' '\n~'`,
  String.raw`find . -type f -print0 | sort -z | xargs -0 -r sha256sum`,
].join('; ');
/** What busybox can say of the same: no nanoseconds, no names of links. */
const BARE_LOOK = [
  String.raw`find . -print0 | sort -z | xargs -0 stat -c '%n %f' | tr -d '\r'`,
  String.raw`find . -type f -print0 | sort -z | xargs -0 -r stat -c '%s %Y %h'`,
  String.raw`find . -type f -print0 | sort -z | xargs -0 -r sha256sum | sed 's/^[\\]//' | cut -c 1-64 | grep -E '^[0-9a-f]{64}$'`,
].join('; ');

export type Look = 'whole' | 'bare';
const LOOKS = { whole: GNU_LOOK, bare: BARE_LOOK } as const;

/** What is under a folder of this machine, to the byte; two equal trees give the same text. */
export function manifestHere(folder: string, look: Look = 'whole'): string {
  const options = { cwd: folder, env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' }, maxBuffer: 1024 ** 3 };
  return execFileSync('sh', ['-c', LOOKS[look]], options).toString('latin1');
}

/** The same on a host, by its own tools. */
export async function manifestThere(host: LabHost, folder: string, look: Look = 'whole'): Promise<string> {
  // in base64: an ssh whose output is text would lose names that are no UTF-8
  const text = await onHost(
    host,
    `cd ${folder} && export LC_ALL=C && { ${LOOKS[look]}; } | base64 -w 0`,
    900_000,
  );
  return Buffer.from(text, 'base64').toString('latin1');
}

/** SHA-256 of the manifest, for trees whose manifest is too long to be sent. */
export function digestHere(folder: string): string {
  const options = { cwd: folder, env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' } };
  return execFileSync('sh', ['-c', `{ ${GNU_LOOK}; } | sha256sum`], options).toString();
}
export async function digestThere(host: LabHost, folder: string): Promise<string> {
  return await onHost(host, `cd ${folder} && export LC_ALL=C && { ${GNU_LOOK}; } | sha256sum`, 900_000);
}

/** Where two manifests differ first; `` = nowhere. */
export function firstDifference(one: string, other: string): string {
  if (one === other) return '';
  const [lines, others] = [one.split('\n'), other.split('\n')];
  const at = lines.findIndex((line, index) => line !== others[index]);
  return `${JSON.stringify(lines[at] ?? 'nothing')} against ${JSON.stringify(others[at] ?? 'nothing')}`;
}

/** Hash of each file under a folder, by name; what else is there does not count. */
export function hashesHere(folder: string): ReadonlyMap<string, string> {
  return parseHashes(
    execFileSync('sh', ['-c', HASHES], { cwd: folder, maxBuffer: 1024 ** 3 }).toString('latin1'),
  );
}
export async function hashesThere(host: LabHost, folder: string): Promise<ReadonlyMap<string, string>> {
  return parseHashes(await onHost(host, `cd ${folder} && { ${HASHES}; }`));
}
const HASHES = 'find . -type f -exec sha256sum {} +';
function parseHashes(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\n').filter(line => line !== '');
  return new Map(lines.map(line => [line.slice(66), line.slice(0, 64)]));
}

/** Names of what unfinished transfers left, in folders of this machine and of hosts. */
export async function partsLeft(
  here: string,
  hosts: readonly LabHost[],
  there: readonly string[] = ['/root', '/srv'],
): Promise<readonly string[]> {
  const find = String.raw`find "$@" -xdev -name '.deckhand-part*' 2>/dev/null; true`;
  const mine = execFileSync('sh', ['-c', find, 'sh', here]).toString();
  const theirs = await Promise.all(
    hosts.map(async host => await onHost(host, `set -- ${there.join(' ')}; ${find}`)),
  );
  return [mine, ...theirs].join('').split('\n').filter(Boolean);
}

/** A tree as people have them: many small files, one that travels in ranges, links, folders without anything. */
export function makeTree(
  root: string,
  { files, big }: { readonly files: number; readonly big: number },
): void {
  for (let number = 0; number < files; number += 1) {
    const folder = join(root, `folder ${number % 17}`, `${number % 5}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `file-${number}`), randomBytes((number * 37) % 4000));
  }
  mkdirSync(join(root, 'empty'), { recursive: true });
  if (big > 0) writeFileSync(join(root, 'big'), randomBytes(big));
  linkSync(join(root, 'folder 0/0/file-0'), join(root, 'second name'));
  symlinkSync('../nowhere', join(root, 'link'));
}

/** Everything that a name and a file can be and that still is to arrive as it is. */
export function makeOddTree(root: string): void {
  mkdirSync(join(root, 'plain'), { recursive: true });
  const raw = (name: string): Buffer => Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, 'latin1')]);
  const names = [
    '-rf',
    '--help',
    '-',
    ' leading and trailing ',
    'quote\'s "double" `back` $HOME $(id) ;|&<>*?[a]{b}~#!',
    'back\\slash',
    'new\nline',
    'carriage\rreturn',
    'tab\t\x01\x7f\x1b[31mred\x1b]0;title\x07',
    'latin \xe9\xff\xfe',
    'caf\xc3\xa9',
    '...',
    '.hidden',
    'n'.repeat(255),
    '\xc3'.repeat(255),
    'end 0',
    'B 3',
    '@eaDir=',
    'con:a',
    '%s%n%d',
  ];
  for (const [index, name] of names.entries()) {
    writeFileSync(raw(name), `${index}: ${'x'.repeat(index * 100)}`);
    mkdirSync(raw(`d${name.slice(0, 250)}`));
    writeFileSync(raw(`d${name.slice(0, 250)}/${name}`), String(index));
    symlinkSync(Buffer.from(name, 'latin1'), raw(`l${name.slice(0, 250)}`));
  }
  writeFileSync(join(root, 'sparse small'), 'start');
  truncateSync(join(root, 'sparse small'), 1_000_000);
  writeFileSync(join(root, 'sparse large'), 'start');
  truncateSync(join(root, 'sparse large'), 40_000_000);
  writeFileSync(join(root, 'sparse large'), 'end', { flag: 'a' });
  writeFileSync(join(root, 'empty file'), '');
  writeFileSync(join(root, 'no mode'), 'no mode');
  chmodSync(join(root, 'no mode'), 0);
  chmodSync(join(root, 'plain'), 0o1777);
  linkSync(join(root, '-rf'), join(root, 'plain/-rf'));
  const deep = Array.from({ length: 15 }, (_, level) => `level-${level}-`.padEnd(200, 'd')).join('/');
  mkdirSync(join(root, deep), { recursive: true });
  writeFileSync(join(root, deep, 'bottom'), 'deep');
  execFileSync('find', [root, '-exec', 'touch', '-h', '-d', '@1600000000.123456789', '{}', '+']);
}
