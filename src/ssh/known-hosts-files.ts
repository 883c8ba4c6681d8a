import { readFile, stat } from 'node:fs/promises';
import { type KnownHostEntry, parseKnownHosts } from './known-hosts.ts';

interface Known {
  /** How the file looked before it was read. */
  readonly mark: string;
  readonly entries: Promise<readonly KnownHostEntry[]>;
}

/** Each file as it was read last: hundreds of hosts are mostly in the same one. */
const FILES = new Map<string, Known>();

/** The entries of several known_hosts files, first file first; one that is not there, or cannot be read, has none. */
export async function readKnownHosts(files: readonly string[]): Promise<readonly KnownHostEntry[]> {
  return (await Promise.all(files.map(readOne))).flat();
}

/** A file is parsed again when its inode, size or times are others: both times, so that a copied one counts too. */
async function readOne(file: string): Promise<readonly KnownHostEntry[]> {
  const found = await stat(file, { bigint: true }).catch(() => null);
  if (!found?.isFile()) {
    FILES.delete(file);
    return found === null ? [] : await parsed(file);
  }
  const mark = `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
  const known = FILES.get(file);
  if (known?.mark === mark) return await known.entries;
  const entries = parsed(file);
  FILES.set(file, { mark, entries });
  return await entries;
}

async function parsed(file: string): Promise<readonly KnownHostEntry[]> {
  try {
    return parseKnownHosts(await readFile(file, 'utf8'), file);
  } catch {
    return [];
  }
}
