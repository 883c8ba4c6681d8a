import { type Dirent, type Stats, watch } from 'node:fs';
import { lstat, opendir, readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { ListedEntry, ListResult } from '../../core/transfer-params.ts';
import { sanitiseText } from '../../core/untrusted.ts';
import { nameMatcher } from './name-pattern.ts';
import type { FoundName, SearchEnd } from './search-host.ts';

/** Files asked for at once. */
const AT_ONCE = 64;

/** As a person writes it: from the home where it does not begin at the root. */
export function pathHere(path: string): string {
  if (path === '' || path === '~') return homedir();
  if (path.startsWith('~/')) return join(homedir(), path.slice(2));
  return isAbsolute(path) ? join(path) : join(homedir(), path);
}

/** What is in a folder of this machine, by name. Throws `transfer.missing`, `transfer.no-permission`. */
export async function listHere(path: string, limit: number): Promise<ListResult> {
  const folder = await folderHere(path);
  const names = await readdir(folder).catch((error: unknown) => {
    throw refused(folder, error);
  });
  names.sort();
  const accounts = await accountNames();
  const entries: ListedEntry[] = [];
  for (let at = 0; at < Math.min(names.length, limit); at += AT_ONCE) {
    const some = names.slice(at, Math.min(at + AT_ONCE, limit));
    const found = await Promise.all(some.map(async name => await entryOf(folder, name, accounts)));
    entries.push(...found.filter(entry => entry !== null));
  }
  return { path: sanitiseText(folder), entries, truncated: names.length > limit };
}

/** Null for what vanished meanwhile. */
async function entryOf(folder: string, name: string, accounts: Accounts): Promise<ListedEntry | null> {
  const place = join(folder, name);
  const stats = await lstat(place).catch(() => null);
  if (!stats) return null;
  const link = stats.isSymbolicLink() ? await readlink(place).catch(() => '') : null;
  return {
    name,
    type: typeOf(stats),
    size: stats.size,
    mode: (stats.mode & 0o7777).toString(8).padStart(4, '0'),
    owner: accounts.users.get(stats.uid) ?? String(stats.uid),
    group: accounts.groups.get(stats.gid) ?? String(stats.gid),
    modifiedAt: stats.mtime.toISOString(),
    ...(link === null ? {} : { link }),
  };
}

function typeOf(stats: Stats): ListedEntry['type'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  return stats.isSocket() ? 'socket' : 'device';
}

interface Accounts {
  readonly users: ReadonlyMap<number, string>;
  readonly groups: ReadonlyMap<number, string>;
}

async function accountNames(): Promise<Accounts> {
  const names = async (file: string): Promise<ReadonlyMap<number, string>> => {
    const text = await readFile(file, 'utf8').catch(() => '');
    const fields = text.split('\n').map(line => line.split(':'));
    return new Map(fields.map(([name = '', , id = '']) => [Number(id), name]));
  };
  return { users: await names('/etc/passwd'), groups: await names('/etc/group') };
}

/** Names below a folder on its file system. Throws as `listHere`, and the signal's reason. */
export async function searchHere(
  search: {
    readonly path: string;
    readonly name: string;
    readonly limit: number;
    readonly signal: AbortSignal;
  },
  onFound: (found: FoundName) => void,
): Promise<SearchEnd> {
  const { name, limit, signal } = search;
  const root = await folderHere(search.path);
  const fits = nameMatcher(name);
  const { dev } = await lstat(root);
  const open = [root];
  let count = 0;
  let closed = 0;
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const entries = await opened(folder);
    if (!entries) {
      closed += 1;
      continue;
    }
    for await (const entry of entries) {
      signal.throwIfAborted();
      const path = join(folder, entry.name);
      const isFolder = entry.isDirectory();
      if (fits(entry.name)) {
        if (count === limit) return { isCut: true, closed };
        count += 1;
        onFound({ path: sanitiseText(path), isFolder });
      }
      if (isFolder && (await lstat(path).catch(() => null))?.dev === dev) open.push(path);
    }
  }
  return { isCut: false, closed };
}

async function opened(folder: string): Promise<AsyncIterable<Dirent> | null> {
  return await opendir(folder).catch(() => null);
}

/** Tells when it watches, then when something in a folder of this machine is different, until the signal aborts. Throws as `listHere`. */
export async function watchHere(
  path: string,
  signal: AbortSignal,
  tell: (what: 'watching' | 'changed') => void,
): Promise<void> {
  const folder = await folderHere(path);
  await new Promise<void>((resolve, reject) => {
    const watcher = watch(folder, { signal }, () => tell('changed'));
    watcher.on('error', error => reject(refused(folder, error)));
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
    tell('watching');
  });
}

async function folderHere(path: string): Promise<string> {
  const place = pathHere(path);
  return await realpath(place).catch((error: unknown) => {
    throw refused(place, error);
  });
}

function refused(place: string, error: unknown): DeckhandError {
  const { code = '' } = error as NodeJS.ErrnoException;
  const isClosed = code === 'EACCES' || code === 'EPERM';
  const [name, text] = isClosed
    ? (['transfer.no-permission', 'cannot be looked into'] as const)
    : (['transfer.missing', 'is no folder, or not there'] as const);
  return new DeckhandError(name, `this machine: ${sanitiseText(place)} ${text}.`, { cause: error });
}
