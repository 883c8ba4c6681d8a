import { DeckhandError } from '../../core/deckhand-error.ts';
import { type RawPath, rawFromBytes } from '../../core/raw-path.ts';
import type { Entry, EntryType } from '../tree/entry.ts';
import { typeOfMode } from '../tree/local-tree.ts';
import { type Capabilities, parseCapabilities, PROBE_FIELDS } from './capabilities.ts';

/** Bytes of one field; the numbers of one batch are the longest: what fits into one command line, many times. */
const LONGEST_FIELD = 16 * 1024 * 1024;
const GNU_FIELDS = 5;

export interface ListListener {
  readonly onCapabilities: (found: Capabilities) => void;
  readonly onEntry: (entry: Entry) => void;
}

/** Reads what a list script prints, as it comes, and knows whether it was whole. */
export class ListParser {
  readonly #listener: ListListener;
  readonly #roots: { readonly root: RawPath; readonly instead: RawPath };
  #list: Capabilities['list'] | undefined;
  /** Of a field whose end has not come. */
  #begun: RawPath = '';
  #fields: RawPath[] = [];
  #batch:
    | { readonly names: RawPath[]; readonly count: number; entries?: Entry[]; links?: Entry[] }
    | undefined;
  readonly #texts = new Map<string, string>();
  /** Which of the roots was listed. */
  which: 'root' | 'instead' | 'nothing' | undefined;
  /** Where relative paths begin. */
  folder: RawPath | undefined;
  /** `find`'s exit code; undefined = it did not come to its end. */
  exitCode: number | undefined;

  constructor(
    listener: ListListener,
    roots: { readonly root: RawPath; readonly instead?: RawPath | undefined },
    list: Capabilities['list'] | undefined,
  ) {
    this.#listener = listener;
    this.#roots = { root: roots.root, instead: roots.instead ?? roots.root };
    this.#list = list;
  }

  add(bytes: Uint8Array): void {
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let start = 0;
    for (let end = all.indexOf(0, start); end >= 0; end = all.indexOf(0, start)) {
      this.#field(this.#begun + rawFromBytes(all.subarray(start, end)));
      this.#begun = '';
      start = end + 1;
    }
    this.#begun += rawFromBytes(all.subarray(start));
    if (this.#begun.length > LONGEST_FIELD) throw broken('a field without an end');
  }

  #field(field: RawPath): void {
    if (this.exitCode !== undefined) throw broken('more after its end');
    if (this.#list === undefined) {
      this.#fields.push(field);
      if (this.#fields.length < PROBE_FIELDS) return;
      const found = parseCapabilities(this.#fields);
      this.#fields = [];
      this.#list = found.list;
      this.#listener.onCapabilities(found);
    } else if (this.which === undefined) {
      if (field !== 'root' && field !== 'instead' && field !== 'nothing') throw broken('no beginning');
      this.which = field as 'root' | 'instead' | 'nothing';
    } else if (this.folder === undefined) {
      this.folder = field;
    } else if (this.#fields.length === 0 && this.#batch === undefined && field.startsWith('end ')) {
      this.exitCode = Number(field.slice(4));
    } else if (this.#list === 'gnu') this.#gnuField(field);
    else this.#batchField(field);
  }

  #gnuField(field: RawPath): void {
    this.#fields.push(field);
    if (this.#fields.length < GNU_FIELDS) return;
    const [numbers = '', owner = '', group = '', path = '', link = ''] = this.#fields;
    this.#fields = [];
    const [letter, size, time, mode, uid, gid, names, inode = '', blocks] = numbers.split(' ');
    const type = GNU_TYPES[letter ?? ''] ?? 'unknown';
    this.#listener.onEntry({
      path,
      type,
      size: type === 'file' ? count(size) : 0,
      mode: Number.parseInt(mode ?? '', 8) & 0o7777,
      mtime: parseTime(time ?? ''),
      uid: count(uid),
      gid: count(gid),
      owner: this.#shared(owner),
      group: this.#shared(group),
      link: type === 'symlink' ? link : null,
      inode: type === 'file' && count(names) > 1 ? inode : null,
      blocks: count(blocks),
    });
  }

  #batchField(field: RawPath): void {
    const batch = this.#batch;
    if (batch === undefined) {
      const found = /^B (\d{1,7})$/.exec(field);
      if (!found) throw broken('no beginning of a batch');
      this.#batch = { names: [], count: Number(found[1]) };
    } else if (batch.names.length < batch.count) {
      batch.names.push(this.#relative(field));
    } else if (batch.entries === undefined) {
      const lines = field === '' ? [] : field.replace(/\n$/, '').split('\n');
      if (lines.length !== batch.count)
        throw new DeckhandError('transfer.changed', 'Files came or went while the host listed them.');
      batch.entries = lines.map((line, index) => this.#statLine(batch.names[index] ?? '', line));
      batch.links = batch.entries.filter(({ type }) => type === 'symlink');
      this.#endBatch();
    } else {
      const link = batch.links?.shift();
      if (link) (link as { link: RawPath }).link = field;
      this.#endBatch();
    }
  }

  #endBatch(): void {
    const batch = this.#batch;
    if (batch?.entries === undefined || (batch.links?.length ?? 0) > 0) return;
    this.#batch = undefined;
    for (const entry of batch.entries) this.#listener.onEntry(entry);
  }

  #statLine(path: RawPath, line: string): Entry {
    const [mode, size, time, uid, gid, names, inode = '', blocks, owner = '', group = ''] = line.split(' ');
    const bits = Number.parseInt(mode ?? '', 16);
    if (!Number.isSafeInteger(bits)) throw broken('numbers that are none');
    const type = typeOfMode(bits);
    return {
      path,
      type,
      size: type === 'file' ? count(size) : 0,
      mode: bits & 0o7777,
      mtime: parseTime(time ?? ''),
      uid: count(uid),
      gid: count(gid),
      owner: this.#shared(owner),
      group: this.#shared(group),
      link: null,
      inode: type === 'file' && count(names) > 1 ? inode : null,
      blocks: count(blocks),
    };
  }

  /** Names come with the root in front. */
  #relative(name: RawPath): RawPath {
    const root = this.which === 'instead' ? this.#roots.instead : this.#roots.root;
    if (name === root) return '';
    const front = root.endsWith('/') ? root : `${root}/`;
    if (!name.startsWith(front)) throw broken('a name that is not under the root');
    return name.slice(front.length);
  }

  /** The few owners of many files are kept once. */
  #shared(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size > 10_000) this.#texts.clear();
    this.#texts.set(text, text);
    return text;
  }
}

const GNU_TYPES: Readonly<Record<string, EntryType>> = {
  f: 'file',
  d: 'directory',
  l: 'symlink',
  p: 'fifo',
  s: 'socket',
  c: 'device',
  b: 'device',
};

function count(text: string | undefined): number {
  const number = Number(text);
  if (text === undefined || text === '' || !Number.isSafeInteger(number) || number < 0)
    throw broken('a number that is none');
  return number;
}

/** Seconds with a part of up to ten digits, as nanoseconds. */
function parseTime(text: string): bigint {
  // as GNU find prints nearly all of them: ten digits, a point, ten digits
  if (text.length === 21 && /^\d{10}\.\d{10}$/.test(text))
    return BigInt(text.slice(0, 10) + text.slice(11, 20));
  const found = /^(-?)(\d{1,15})(?:\.(\d{1,12}))?$/.exec(text);
  if (!found) throw broken('a time that is none');
  const [, sign, seconds = '0', part = ''] = found;
  const size = BigInt(seconds) * 1_000_000_000n + BigInt(part.slice(0, 9).padEnd(9, '0'));
  return sign === '-' ? -size : size;
}

function broken(what: string): DeckhandError {
  return new DeckhandError('transfer.protocol', `The listing from the host is broken: ${what}.`);
}
