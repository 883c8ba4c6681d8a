import { hash } from 'node:crypto';
import type { RawPath } from '../../core/raw-path.ts';
import { escapedNames } from '../host/hash-remote.ts';
import { readUnchanged, readWhole } from '../move/read-source.ts';
import { fileHeaderLength, writeFileHeader } from '../tar/file-header.ts';
import { ARCHIVE_END, encodeHeader, type Member, paddingOf } from '../tar/header.ts';
import { type Entry, join } from '../tree/entry.ts';
import { type Columns, fromColumns } from './columns.ts';
import { type Failure, failureOf } from './protocol.ts';

/** Bytes of one piece of the stream. */
const PIECE = 256 * 1024;
/** Files up to this size are read straight into a piece, with room for headers and padding. */
const LARGEST_PLAIN = PIECE / 2;
const PLAIN_ROOM = 2048;

export interface PackInput {
  /** Of the tree on this machine. */
  readonly root: RawPath;
  readonly entries: Columns;
  /** The name that each gets in the stream, with a zero byte between them. */
  readonly names: string;
  readonly preserve: boolean;
  readonly followLinks: boolean;
  /** Owners go with the files; else they are those of whoever unpacks. */
  readonly owners: boolean;
  /** What modes lose where they are not preserved. */
  readonly umask: number;
  /**
   * The stream's last member: a line with hash and name for each file whose name such a line can hold. Absent:
   * the host has nothing to check it with.
   */
  readonly manifest?: RawPath;
}

/** A piece of the stream, and the files whose last bytes are in it or were before. */
export interface PackedPiece {
  readonly bytes: Uint8Array;
  readonly sent: readonly { readonly index: number; readonly size: number; readonly hash?: string }[];
  readonly failed: readonly { readonly index: number; readonly failure: Failure }[];
}

/** Whether a line of hashes can hold the name: older tools write others in ways of their own. */
export function isCheckable(name: RawPath): boolean {
  return !/[\\\n\r]/.test(name);
}

/** Work of a thread: a tar stream. A file that cannot be read, or changes while it is, is left out and said. */
export function* packFiles(input: PackInput): Generator<PackedPiece> {
  yield* new Packing(input).pieces();
}

class Packing {
  readonly #input: PackInput;
  readonly #lines: string[] = [];
  #piece = Buffer.allocUnsafeSlow(PIECE);
  #length = 0;
  #sent: { index: number; hash: string; size: number }[] = [];
  #failed: PackedPiece['failed'][number][] = [];

  constructor(input: PackInput) {
    this.#input = input;
  }

  *pieces(): Generator<PackedPiece> {
    const { entries, names, manifest } = this.#input;
    const nameOf = names.split('\0');
    for (const [index, entry] of fromColumns(entries).entries()) {
      const name = nameOf[index] ?? '';
      if (entry.type === 'file' && entry.size <= LARGEST_PLAIN) {
        // a piece may be short: what crosses no end of one is read where it is sent from
        if (this.#length + entry.size + PLAIN_ROOM > PIECE) yield this.#take();
        if (this.#plainFile(index, entry, name)) continue;
      }
      const found = this.#contentsOf(index, entry, name);
      if (found === undefined) continue;
      yield* this.#member(found.member, found.contents);
      if (entry.type !== 'file') continue;
      const digest = hash('sha256', found.contents);
      this.#sent.push({ index, hash: digest, size: found.contents.length });
      if (manifest !== undefined && isCheckable(name)) this.#lines.push(line(digest, name));
    }
    if (manifest !== undefined) {
      const contents = Buffer.from(this.#lines.join(''), 'latin1');
      yield* this.#member({ ...PLAIN, path: manifest, size: contents.length }, contents);
    }
    yield* this.#put(ARCHIVE_END);
    yield this.#take();
  }

  /** Reads an ordinary file into the piece, with its headers. False: nothing was written, it is not that ordinary. */
  #plainFile(index: number, entry: Entry, name: RawPath): boolean {
    const { root, followLinks, preserve, umask, owners, manifest } = this.#input;
    const { size, mtime } = entry;
    const ids = owners ? { uid: entry.uid, gid: entry.gid } : { uid: 0, gid: 0 };
    const length = fileHeaderLength({ name, size, mode: 0, mtime, ...ids });
    if (length === 0) return false;
    const start = this.#length + length;
    const follow = followLinks || entry.path === '';
    const found = readUnchanged(join(root, entry.path), entry, follow, this.#piece, start);
    if (found === null) return false;
    const mode = preserve ? found : found & 0o777 & ~umask;
    writeFileHeader(this.#piece, this.#length, { name, size, mode, mtime, ...ids });
    const end = start + size + paddingOf(size);
    this.#piece.fill(0, start + size, end);
    this.#length = end;
    const digest = hash('sha256', this.#piece.subarray(start, start + size));
    this.#sent.push({ index, hash: digest, size });
    if (manifest !== undefined && isCheckable(name)) this.#lines.push(line(digest, name));
    return true;
  }

  /** Most go into the piece as they are; only what crosses its end costs an iteration. */
  *#member(member: Member, contents: Buffer): Generator<PackedPiece> {
    const header = encodeHeader(member);
    const padding = paddingOf(contents.length);
    if (this.#length + header.length + contents.length + padding < PIECE) {
      this.#length += header.copy(this.#piece, this.#length);
      this.#length += contents.copy(this.#piece, this.#length);
      this.#piece.fill(0, this.#length, this.#length + padding);
      this.#length += padding;
      return;
    }
    yield* this.#put(header);
    yield* this.#put(contents);
    yield* this.#put(Buffer.alloc(padding));
  }

  *#put(bytes: Uint8Array): Generator<PackedPiece> {
    for (let at = 0; at < bytes.length; ) {
      const taken = Math.min(bytes.length - at, PIECE - this.#length);
      this.#piece.set(bytes.subarray(at, at + taken), this.#length);
      at += taken;
      this.#length += taken;
      if (this.#length === PIECE) yield this.#take();
    }
  }

  #take(): PackedPiece {
    const piece = {
      bytes: this.#piece.subarray(0, this.#length),
      sent: this.#sent,
      failed: this.#failed,
    };
    this.#piece = Buffer.allocUnsafeSlow(PIECE);
    this.#length = 0;
    this.#sent = [];
    this.#failed = [];
    return piece;
  }

  #contentsOf(
    index: number,
    entry: Entry,
    path: RawPath,
  ): { readonly member: Member; readonly contents: Buffer } | undefined {
    const { preserve, followLinks, owners, umask, root } = this.#input;
    const { type, mtime } = entry;
    const common = { path, ...(owners ? { uid: entry.uid, gid: entry.gid } : { uid: 0, gid: 0 }) };
    const modeOf = (mode: number): number => (preserve ? mode : mode & 0o777 & ~umask);
    if (type === 'directory') {
      // a folder that cannot be entered yet takes nothing; its own mode comes last
      const mode = modeOf(entry.mode) | 0o700;
      return { member: { ...common, type, size: 0, mode, mtime, link: null }, contents: NOTHING };
    }
    if (type === 'symlink')
      return {
        member: { ...common, type, size: 0, mode: 0o777, mtime, link: entry.link },
        contents: NOTHING,
      };
    try {
      const found = readWhole(join(root, entry.path), entry, followLinks || entry.path === '');
      const { contents } = found;
      const mode = modeOf(found.mode);
      const times = { mtime: found.mtime, link: null };
      return { member: { ...common, type: 'file', size: contents.length, mode, ...times }, contents };
    } catch (error) {
      this.#failed.push({ index, failure: failureOf(error) });
      return undefined;
    }
  }
}

const NOTHING = Buffer.alloc(0);
const PLAIN: Member = { path: '', type: 'file', size: 0, mode: 0o600, mtime: 0n, uid: 0, gid: 0, link: null };

/** As `sha256sum` writes and reads it. */
function line(hash: string, name: RawPath): string {
  if (isCheckable(name)) return `${hash}  ${name}\n`;
  return `\\${hash}  ${escapedNames(name)[0]}\n`;
}
