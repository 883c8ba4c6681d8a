import { DeckhandError } from '../core/deckhand-error.ts';
import { type RawPath, rawToBytes, showRaw } from '../core/raw-path.ts';
import type { ListedEntry, ListResult } from '../core/transfer-params.ts';
import type { SshConnection } from '../ssh/connection.ts';
import { readListing } from './host/list-remote.ts';
import { hostPath } from './host/list-script.ts';
import { type Entry, nameOf } from './tree/entry.ts';
import { isSafe, outside } from './tree/tree-builder.ts';

export interface FolderListing {
  readonly path: RawPath;
  readonly recursive: boolean;
  /** Entries at most. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

/** What is in a folder on the host, or a file by itself; by name. Folders that cannot be looked into are left closed. */
export async function listFolder(connection: SshConnection, listing: FolderListing): Promise<ListResult> {
  return (await listFolderAt(connection, listing)).result;
}

/** The same, and where relative paths begin on the host; null = the listing was cut before its end. */
export async function listFolderAt(
  connection: SshConnection,
  { path, recursive, limit, signal }: FolderListing,
): Promise<{ readonly result: ListResult; readonly home: RawPath | null }> {
  const root = hostPath(path);
  const entries: Entry[] = [];
  const enough = new AbortController();
  let rootEntry: Entry | undefined;
  let home: RawPath | null = null;
  const onEntry = (entry: Entry): void => {
    if (rootEntry === undefined && entry.path === '') rootEntry = entry;
    else if (!isSafe(entry.path)) throw outside(connection.host.name, entry.path);
    else if (entries.length < limit) entries.push(entry);
    else enough.abort();
    if (enough.signal.aborted) throw new TooMany();
  };
  const listing = {
    root,
    depth: recursive ? ('all' as const) : (1 as const),
    follow: false,
    owners: true,
    signal,
  };
  try {
    const { which, errors = '', home: told } = (await readListing(connection, listing, onEntry)) ?? {};
    home = told ?? null;
    const isClosed = rootEntry?.type === 'directory' && entries.length === 0 && /denied/i.test(errors);
    if (isClosed)
      throw new DeckhandError(
        'transfer.no-permission',
        `${connection.host.name}: ${showRaw(root)} cannot be looked into.`,
      );
    if (which === 'nothing')
      throw new DeckhandError(
        'transfer.missing',
        `${connection.host.name}: ${showRaw(root)} does not exist.`,
      );
  } catch (error) {
    if (!(error instanceof TooMany)) throw error;
  }
  if (rootEntry !== undefined && rootEntry.type !== 'directory')
    entries.push({ ...rootEntry, path: nameOf(root) });
  entries.sort((one, other) => (one.path < other.path ? -1 : Number(one.path > other.path)));
  const result = { path: showRaw(root), entries: entries.map(listed), truncated: enough.signal.aborted };
  return { result, home };
}

class TooMany extends Error {}

function listed({ path, type, size, mode, owner, group, mtime, link }: Entry): ListedEntry {
  const bytes = rawToBytes(path);
  const name = bytes.toString('utf8');
  const isText = Buffer.from(name, 'utf8').equals(bytes);
  return {
    name,
    ...(isText ? {} : { raw: bytes.toString('base64') }),
    type,
    size,
    mode: mode.toString(8).padStart(4, '0'),
    owner,
    group,
    modifiedAt: new Date(Number(mtime / 1_000_000n)).toISOString(),
    ...(link === null ? {} : { link: rawToBytes(link).toString('utf8') }),
  };
}
