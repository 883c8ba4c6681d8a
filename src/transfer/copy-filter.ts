import { DeckhandError } from '../core/deckhand-error.ts';
import { type RawPath, showRaw } from '../core/raw-path.ts';
import type { CopiedTree } from './copy-clashes.ts';
import { sameTime } from './decide/equal.ts';
import { ARCHIVE_END, encodeHeader, type Member, paddingOf } from './tar/header.ts';
import type { TarListener } from './tar/reader.ts';
import { type Entry, join, nameOf, type Tree } from './tree/entry.ts';

export interface CopyOutput {
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Bytes of contents so far. */
  readonly onProgress: (done: number) => void;
}

/**
 * Between two hosts: of one's archive only what was listed before goes on to the other, with headers of our
 * own. No name, link, pipe or device that the one adds reaches the tar of the other.
 */
export class CopyFilter implements TarListener {
  readonly #tree: Tree;
  readonly #otherNames: CopiedTree['otherNames'];
  /** Name of the root, which is the first part of every name. */
  readonly #name: RawPath;
  readonly #output: CopyOutput;
  readonly #sent = new Set<RawPath>();
  #open: { readonly size: number } | undefined;
  #done = 0;

  constructor(
    source: {
      readonly root: RawPath;
      readonly tree: Tree;
      readonly otherNames: CopiedTree['otherNames'];
    },
    output: CopyOutput,
  ) {
    this.#tree = source.tree;
    this.#otherNames = source.otherNames;
    this.#name = nameOf(source.root);
    this.#output = output;
  }

  async onMember(member: Member, isKnown: boolean): Promise<void> {
    this.#open = undefined;
    const path = this.#pathOf(member.path);
    const entry = path === undefined ? undefined : this.#tree.entries.get(path);
    if (!isKnown || path === undefined || entry === undefined || this.#sent.has(path)) return;
    const wanted = this.#headerOf(member, path, entry);
    if (wanted === undefined) return;
    this.#sent.add(path);
    this.#open = { size: wanted.size };
    await this.#output.write(encodeHeader(wanted));
  }

  async onContents(bytes: Buffer): Promise<void> {
    if (this.#open === undefined) return;
    this.#done += bytes.length;
    this.#output.onProgress(this.#done);
    await this.#output.write(Buffer.from(bytes));
  }

  async onEnd(): Promise<void> {
    if (this.#open === undefined) return;
    const padding = paddingOf(this.#open.size);
    this.#open = undefined;
    if (padding > 0) await this.#output.write(Buffer.alloc(padding));
  }

  /** Throws `transfer.changed` when something that was listed did not come. */
  async end(): Promise<void> {
    const missing = [...this.#tree.entries.values()].find(
      ({ path, type }) =>
        (type === 'file' || type === 'directory' || type === 'symlink') && !this.#sent.has(path),
    );
    if (missing !== undefined)
      throw new DeckhandError(
        'transfer.changed',
        `${showRaw(missing.path) || 'The source'} was there when it was listed, and was not when it was read.`,
      );
    await this.#output.write(ARCHIVE_END);
  }

  #headerOf(member: Member, path: RawPath, entry: Entry): Member | undefined {
    const name = join(`./${this.#name}`, path);
    const { mode, uid, gid } = member;
    // an archive has whole seconds, the listing knows more
    const mtime = sameTime(member.mtime, entry.mtime) ? entry.mtime : member.mtime;
    const common = { path: name, mode, mtime, uid, gid };
    if (member.type === 'hardlink') {
      const first = this.#pathOf(member.link ?? '');
      const isOurs = entry.type === 'file' && first !== undefined && this.#sent.has(first);
      if (!isOurs || this.#tree.entries.get(first)?.type !== 'file') return undefined;
      return { ...common, type: 'hardlink', size: 0, link: join(`./${this.#name}`, first) };
    }
    if (member.type !== entry.type) return undefined;
    const { type, size } = member;
    return { ...common, type, size, link: type === 'symlink' ? entry.link : null };
  }

  /** From the root; undefined = not in the tree. */
  #pathOf(name: RawPath): RawPath | undefined {
    const bare = name.replace(/^\.\//, '');
    if (bare === this.#name) return '';
    if (!bare.startsWith(`${this.#name}/`)) return undefined;
    const path = bare.slice(this.#name.length + 1);
    return this.#otherNames.get(path) ?? path;
  }
}
