import { createHash, hash, type Hash } from 'node:crypto';
import type { RawPath } from '../../core/raw-path.ts';
import { LocalTar } from '../move/local-tar.ts';
import { ARCHIVE_END, encodeHeader, type Member, paddingOf } from '../tar/header.ts';
import { fileHeaderLength, writeFileHeader } from '../tar/file-header.ts';
import { TarReader } from '../tar/reader.ts';
import type { Entry } from '../tree/entry.ts';
import { type Columns, fromColumns } from './columns.ts';

/** Bytes between two words about how far it is. */
const WORD = 1024 * 1024;
const PADDING = Buffer.alloc(512);

export interface UnpackInput {
  /** Where this machine's tar unpacks. */
  readonly folder: RawPath;
  readonly entries: Columns;
  /** The name that each has in the stream, with a zero byte between them. */
  readonly members: string;
  /** The name that each gets in the folder. */
  readonly names: string;
  readonly owners: boolean;
  readonly preserve: boolean;
  /** What modes lose where they are not preserved. */
  readonly umask: number;
  /** What grew beyond this many bytes is left for another look. */
  readonly largest: number;
}

export interface Unpacked {
  /** Bytes of contents since the last item, the latest of them of the file with this index. */
  readonly arrived: number;
  readonly index: number;
  readonly done: readonly { readonly index: number; readonly hash: string; readonly size: number }[];
  /** In the last item alone: the archive came to its end. */
  readonly isComplete?: boolean;
}

/**
 * Work of a thread: the host's tar is read by us and written to a tar here under names of our own. What was
 * not asked for is read over.
 */
export async function* unpackFiles(
  input: UnpackInput,
  bytes: () => AsyncIterable<Uint8Array>,
): AsyncGenerator<Unpacked> {
  const unpacking = new Unpacking(input);
  try {
    for await (const piece of bytes()) {
      await unpacking.add(piece);
      const word = unpacking.word(WORD);
      if (word !== undefined) yield word;
    }
    yield await unpacking.end();
  } finally {
    unpacking.close();
  }
}

class Unpacking {
  readonly #input: UnpackInput;
  readonly #entries: readonly Entry[];
  readonly #names: readonly string[];
  readonly #wanted: Map<RawPath, number>;
  readonly #local: LocalTar;
  readonly #reader: TarReader;
  #open: { readonly index: number; readonly size: number; hash: Hash | string | null } | undefined;
  #arrived = 0;
  #latest = 0;
  #done: Unpacked['done'][number][] = [];
  #isOver = false;

  constructor(input: UnpackInput) {
    this.#input = input;
    this.#entries = fromColumns(input.entries);
    this.#names = input.names.split('\0');
    this.#wanted = new Map(input.members.split('\0').map((member, index) => [member, index]));
    this.#local = new LocalTar(input.folder, input);
    this.#reader = new TarReader({
      onMember: async member => await this.#begin(member),
      onContents: async bytes => await this.#contents(bytes),
      onEnd: async () => await this.#end(),
    });
  }

  async add(bytes: Uint8Array): Promise<void> {
    await this.#reader.add(bytes);
  }

  word(least: number): Unpacked | undefined {
    return this.#arrived < least ? undefined : this.#take();
  }

  /** What was unpacked is there when it resolves. */
  async end(): Promise<Unpacked> {
    const { isComplete } = this.#reader;
    if (isComplete) {
      await this.#local.write(ARCHIVE_END);
      await this.#local.end();
      this.#isOver = true;
    }
    return { ...this.#take(), isComplete };
  }

  close(): void {
    if (!this.#isOver) this.#local.kill();
  }

  #take(): Unpacked {
    const word = { arrived: this.#arrived, index: this.#latest, done: this.#done };
    this.#arrived = 0;
    this.#done = [];
    return word;
  }

  async #begin(member: Member): Promise<void> {
    const path = member.path.replace(/^\.\//, '');
    const index = this.#wanted.get(path);
    const entry = index === undefined ? undefined : this.#entries[index];
    this.#open = undefined;
    if (index === undefined || entry === undefined || member.type !== 'file') return;
    // a second one of this name would take the place of the first
    this.#wanted.delete(path);
    if (member.size > this.#input.largest) return;
    this.#latest = index;
    this.#open = { index, hash: null, size: member.size };
    await this.#writeHeader(entry, this.#names[index] ?? '', member.size);
  }

  async #writeHeader({ mode, mtime, uid, gid }: Entry, name: RawPath, size: number): Promise<void> {
    const { preserve, umask } = this.#input;
    const file = { name, size, mode: preserve ? mode : mode & 0o777 & ~umask, mtime, uid, gid };
    const length = fileHeaderLength(file);
    if (length > 0) await this.#local.writeIn(length, (piece, at) => writeFileHeader(piece, at, file));
    else await this.#local.write(encodeHeader({ ...file, path: name, type: 'file', link: null }));
  }

  async #contents(bytes: Buffer): Promise<void> {
    const open = this.#open;
    if (open === undefined) return;
    // most files come in one piece
    if (open.hash === null && bytes.length === open.size) open.hash = hash('sha256', bytes);
    else {
      if (open.hash === null || typeof open.hash === 'string') open.hash = createHash('sha256');
      open.hash.update(bytes);
    }
    this.#arrived += bytes.length;
    await this.#local.write(bytes);
  }

  async #end(): Promise<void> {
    if (this.#open === undefined) return;
    const { index, hash: found, size } = this.#open;
    this.#open = undefined;
    const digest = typeof found === 'string' ? found : (found ?? createHash('sha256')).digest('hex');
    this.#done.push({ index, hash: digest, size });
    await this.#local.write(PADDING.subarray(0, paddingOf(size)));
  }
}
