import type { RawPath } from '../../core/raw-path.ts';
import type { Entry, EntryType } from '../tree/entry.ts';

/** Entries as a few long columns: between threads these cost a tenth of what as many objects cost. */
export interface Columns {
  /** With a zero byte between them. */
  readonly paths: string;
  readonly count: number;
  readonly types: Uint8Array;
  /** Size, mode, uid, gid and blocks of each. */
  readonly numbers: Float64Array;
  readonly times: BigInt64Array;
  readonly links: readonly (readonly [index: number, link: RawPath])[];
  readonly inodes: readonly (readonly [index: number, inode: string])[];
}

const TYPES: readonly EntryType[] = ['file', 'directory', 'symlink', 'fifo', 'socket', 'device', 'unknown'];
const NUMBERS = 5;

export function toColumns(entries: readonly Entry[]): Columns {
  const count = entries.length;
  const types = new Uint8Array(count);
  const numbers = new Float64Array(count * NUMBERS);
  const times = new BigInt64Array(count);
  const links: [number, RawPath][] = [];
  const inodes: [number, string][] = [];
  for (const [index, { type, size, mode, uid, gid, blocks, mtime, link, inode }] of entries.entries()) {
    types[index] = TYPES.indexOf(type);
    numbers.set([size, mode, uid, gid, blocks], index * NUMBERS);
    times[index] = mtime;
    if (link !== null) links.push([index, link]);
    if (inode !== null) inodes.push([index, inode]);
  }
  const paths = entries.map(({ path }) => path).join('\0');
  return { paths, count, types, numbers, times, links, inodes };
}

export function fromColumns({ paths, count, types, numbers, times, links, inodes }: Columns): Entry[] {
  const names = count === 0 ? [] : paths.split('\0');
  const linkOf = new Map(links);
  const inodeOf = new Map(inodes);
  const owners = new Map<number, string>();
  const nameOf = (id: number): string => {
    const known = owners.get(id) ?? String(id);
    owners.set(id, known);
    return known;
  };
  const number = (index: number, column: number): number => numbers[index * NUMBERS + column] as number;
  return names.map((path, index) => ({
    path,
    type: TYPES[types[index] as number] ?? 'unknown',
    size: number(index, 0),
    mode: number(index, 1),
    mtime: times[index] as bigint,
    uid: number(index, 2),
    gid: number(index, 3),
    owner: nameOf(number(index, 2)),
    group: nameOf(number(index, 3)),
    link: linkOf.get(index) ?? null,
    inode: inodeOf.get(index) ?? null,
    blocks: number(index, 4),
  }));
}
