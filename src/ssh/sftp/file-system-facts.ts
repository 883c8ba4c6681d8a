import { WireReader } from './wire.ts';

/** What `statvfs` says of the file system a path lies on; big numbers are not exact. */
export interface FileSystemFacts {
  /** Bytes an ordinary account can still use, and all bytes. */
  readonly available: number;
  readonly total: number;
  /** Files that can still be made by an ordinary account; 0 with `files` 0 = not counted. */
  readonly availableFiles: number;
  readonly files: number;
  readonly id: bigint;
  readonly readOnly: boolean;
  /** Bytes of the longest name. */
  readonly longestName: number;
}

const READ_ONLY = 1n;

export function decodeFileSystemFacts(body: Buffer): FileSystemFacts {
  const reader = new WireReader(body);
  reader.uint64();
  const fragment = Number(reader.uint64());
  const total = Number(reader.uint64()) * fragment;
  reader.uint64();
  const available = Number(reader.uint64()) * fragment;
  const files = Number(reader.uint64());
  reader.uint64();
  const availableFiles = Number(reader.uint64());
  const id = reader.uint64();
  const readOnly = (reader.uint64() & READ_ONLY) === READ_ONLY;
  return { available, total, availableFiles, files, id, readOnly, longestName: Number(reader.uint64()) };
}
