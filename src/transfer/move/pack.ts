import { hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RawPath } from '../../core/raw-path.ts';
import type { Action } from '../decide/action.ts';
import { escapedNames } from '../host/hash-remote.ts';
import { ARCHIVE_END, encodeHeader, type Member, paddingOf } from '../tar/header.ts';
import { join } from '../tree/entry.ts';
import type { Job } from './job.ts';
import { readWhole } from './read-source.ts';

/** Bytes of one piece of the stream. */
const PIECE = 256 * 1024;
/** Milliseconds of work before others get their turn. */
const TURN = 8;

/** One thing of the stream and the name it gets there. */
export interface Packed {
  readonly action: Action;
  readonly name: RawPath;
}

export interface PackOptions {
  readonly job: Job;
  /** Of the tree on this machine. */
  readonly root: RawPath;
  /** Where the stream's last member goes: a line with hash and name for each file that can be checked so. */
  readonly manifest: RawPath | undefined;
  /** Whether the host's tool can check a name in a manifest. */
  readonly isCheckable: (name: RawPath) => boolean;
}

/** What a stream that was read to its end has carried. */
export interface PackReport {
  readonly sent: { readonly packed: Packed; readonly hash: string; readonly bytes: number }[];
}

/** A tar stream of small files, folders and links. A file that cannot be read, or changes while it is, is left out. */
export async function* pack(
  members: readonly Packed[],
  options: PackOptions,
  report: PackReport,
): AsyncGenerator<Uint8Array> {
  const { job, root } = options;
  let piece = Buffer.allocUnsafeSlow(PIECE);
  let length = 0;
  let turnEnds = performance.now() + TURN;
  const lines: string[] = [];
  async function* put(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; ) {
      const taken = Math.min(bytes.length - at, PIECE - length);
      piece.set(bytes.subarray(at, at + taken), length);
      at += taken;
      length += taken;
      if (length < PIECE) continue;
      await job.rate.take(length, job.signal);
      yield piece;
      piece = Buffer.allocUnsafeSlow(PIECE);
      length = 0;
    }
  }
  for (const packed of members) {
    if (performance.now() > turnEnds) {
      await nextTurn();
      turnEnds = performance.now() + TURN;
    }
    const { entry } = packed.action;
    const found = contentsOf(packed, options);
    if (found === undefined) continue;
    const { member, contents } = found;
    // an async iteration costs more than a small file: those are put in place here
    const header = encodeHeader(member);
    const padding = paddingOf(contents.length);
    if (length + header.length + contents.length + padding < PIECE) {
      length += header.copy(piece, length);
      length += contents.copy(piece, length);
      piece.fill(0, length, length + padding);
      length += padding;
    } else {
      yield* put(header);
      yield* put(contents);
      yield* put(Buffer.alloc(padding));
    }
    if (entry.type !== 'file') continue;
    const digest = hash('sha256', contents);
    report.sent.push({ packed, hash: digest, bytes: contents.length });
    job.arrived(contents.length, entry.path);
    if (options.manifest !== undefined && options.isCheckable(packed.name))
      lines.push(line(digest, packed.name));
  }
  if (options.manifest !== undefined) {
    const contents = Buffer.from(lines.join(''), 'latin1');
    yield* put(encodeHeader({ ...PLAIN, path: options.manifest, size: contents.length }));
    yield* put(contents);
    yield* put(Buffer.alloc(paddingOf(contents.length)));
  }
  yield* put(ARCHIVE_END);
  if (length > 0) yield piece.subarray(0, length);
  function contentsOf(
    { action, name }: Packed,
    { job }: PackOptions,
  ): { member: Member; contents: Buffer } | undefined {
    const { entry } = action;
    const { preserve, followLinks } = job.options;
    const { capabilities } = job;
    const owner =
      preserve && capabilities.uid === 0 ? { uid: entry.uid, gid: entry.gid } : { uid: 0, gid: 0 };
    const common = { path: name, ...owner };
    const modeOf = (mode: number): number => (preserve ? mode : mode & 0o777 & ~capabilities.umask);
    if (entry.type === 'directory') {
      // a folder that cannot be entered yet takes nothing; its own mode comes last
      const mode = modeOf(entry.mode) | 0o700;
      return {
        member: { ...common, type: 'directory', size: 0, mode, mtime: entry.mtime, link: null },
        contents: NOTHING,
      };
    }
    if (entry.type === 'symlink') {
      const member = { ...common, type: 'symlink', size: 0, mode: 0o777, mtime: entry.mtime } as const;
      return { member: { ...member, link: entry.link }, contents: NOTHING };
    }
    try {
      const { contents, mode, mtime } = readWhole(
        join(root, entry.path),
        entry,
        followLinks || entry.path === '',
      );
      const member = {
        ...common,
        type: 'file',
        size: contents.length,
        mode: modeOf(mode),
        mtime,
        link: null,
      } as const;
      return { member, contents };
    } catch (error) {
      job.fail(entry.path, error);
      return undefined;
    }
  }
}

const NOTHING = Buffer.alloc(0);
const PLAIN: Member = { path: '', type: 'file', size: 0, mode: 0o600, mtime: 0n, uid: 0, gid: 0, link: null };

/** As `sha256sum` writes and reads it. */
function line(hash: string, name: RawPath): string {
  if (!/[\\\n\r]/.test(name)) return `${hash}  ${name}\n`;
  return `\\${hash}  ${escapedNames(name)[0]}\n`;
}
