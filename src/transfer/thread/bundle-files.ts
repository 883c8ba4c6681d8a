import { type BundleRecord, Chunk } from '../bundle/format.ts';
import { readUnchanged, readWhole } from '../move/read-source.ts';
import { type Entry, join } from '../tree/entry.ts';
import { fromColumns } from './columns.ts';
import type { PackedPiece, PackInput } from './pack-files.ts';
import { failureOf } from './protocol.ts';

/** Bytes of contents in one chunk; a larger file has one of its own. */
const ROOM = 256 * 1024;

/** Work of a thread: named chunks of a bundle. A file that cannot be read, or changes while it is, is left out and said. */
export function* bundleFiles(input: Omit<PackInput, 'manifest'>): Generator<PackedPiece> {
  yield* new Bundling(input).pieces();
}

class Bundling {
  readonly #input: Omit<PackInput, 'manifest'>;
  readonly #entries: readonly Entry[];
  readonly #allNames: readonly string[];
  #chunk = new Chunk(ROOM);
  #names: string[] = [];
  #ids: (readonly [uid: number, gid: number])[] = [];
  #sent: { index: number; size: number }[] = [];
  #failed: PackedPiece['failed'][number][] = [];

  constructor(input: Omit<PackInput, 'manifest'>) {
    this.#input = input;
    this.#entries = fromColumns(input.entries);
    this.#allNames = input.names.split('\0');
  }

  *pieces(): Generator<PackedPiece> {
    for (const [index, entry] of this.#entries.entries()) {
      const size = entry.type === 'file' ? entry.size : (entry.link?.length ?? 0);
      if (!this.#chunk.hasRoom(size)) yield* this.#take(size);
      if (entry.type !== 'file') this.#plain(index, entry);
      else if (!this.#isRead(index, entry)) yield* this.#reread(index, entry);
    }
    if (!this.#chunk.isEmpty) yield* this.#take(0);
    if (this.#failed.length > 0) yield { bytes: new Uint8Array(0), sent: [], failed: this.#failed };
  }

  /** Folders and links. */
  #plain(index: number, { type, mode, mtime, link }: Entry): void {
    if (type !== 'directory' && type !== 'symlink') return;
    const size = link === null ? 0 : this.#chunk.bytes.write(link, this.#chunk.at, 'latin1');
    // a folder that cannot be entered yet takes nothing; its own mode comes last
    const bits = type === 'symlink' ? 0o777 : this.#modeOf(mode) | 0o700;
    this.#add(index, { kind: type, mode: bits, size, mtime });
  }

  #add(index: number, record: Omit<BundleRecord, 'index'>): void {
    this.#chunk.add({ index: this.#chunk.count, ...record });
    this.#names.push(this.#allNames[index] ?? '');
    if (!this.#input.owners) return;
    const { uid = 0, gid = 0 } = this.#entries[index] ?? {};
    this.#ids.push([uid, gid]);
  }

  /** Reads an ordinary file into the chunk. False: it is not as it was listed. */
  #isRead(index: number, entry: Entry): boolean {
    const chunk = this.#chunk;
    const full = join(this.#input.root, entry.path);
    const mode = readUnchanged(full, entry, this.#follows(entry), chunk.bytes, chunk.at);
    if (mode === null) return false;
    const { size, mtime } = entry;
    this.#add(index, { kind: 'file', mode: this.#modeOf(mode), size, mtime });
    this.#sent.push({ index, size });
    return true;
  }

  *#reread(index: number, entry: Entry): Generator<PackedPiece> {
    try {
      const found = readWhole(join(this.#input.root, entry.path), entry, this.#follows(entry));
      const { contents, mtime } = found;
      if (!this.#chunk.hasRoom(contents.length)) yield* this.#take(contents.length);
      contents.copy(this.#chunk.bytes, this.#chunk.at);
      const [mode, size] = [this.#modeOf(found.mode), contents.length];
      this.#add(index, { kind: 'file', mode, size, mtime });
      this.#sent.push({ index, size });
    } catch (error) {
      this.#failed.push({ index, failure: failureOf(error) });
    }
  }

  /** The next one has room for `size` bytes at least. */
  *#take(size: number): Generator<PackedPiece> {
    const chunk = this.#chunk;
    this.#chunk = new Chunk(Math.max(ROOM, size));
    if (chunk.isEmpty) return;
    const bytes = chunk.endNamed(this.#names, this.#ids);
    yield { bytes, sent: this.#sent, failed: this.#failed };
    [this.#sent, this.#failed, this.#names, this.#ids] = [[], [], [], []];
  }

  #follows({ path }: Entry): boolean {
    return this.#input.followLinks || path === '';
  }

  #modeOf(mode: number): number {
    return this.#input.preserve ? mode : mode & 0o777 & ~this.#input.umask;
  }
}
