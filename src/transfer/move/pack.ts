import type { RawPath } from '../../core/raw-path.ts';
import type { Action } from '../decide/action.ts';
import { toColumns } from '../thread/columns.ts';
import { startThreaded } from '../thread/file-threads.ts';
import { type PackedPiece, packFiles, type PackInput } from '../thread/pack-files.ts';
import { thrownOf } from '../thread/protocol.ts';
import type { Job } from './job.ts';

/** Members and bytes that are packed sooner here than a thread begins. */
const FEW = 100;
const LITTLE = 4 * 1024 * 1024;

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
}

/** What a stream that was read to its end has carried. */
export interface PackReport {
  readonly sent: { readonly packed: Packed; readonly hash: string; readonly bytes: number }[];
}

/** A tar stream of small files, folders and links. A file that cannot be read, or changes while it is, is left out. */
export async function* pack(
  members: readonly Packed[],
  { job, root, manifest }: PackOptions,
  report: PackReport,
): AsyncGenerator<Uint8Array> {
  const { preserve, followLinks } = job.options;
  const { uid, umask } = job.capabilities;
  const input: PackInput = {
    root,
    entries: toColumns(members.map(({ action }) => action.entry)),
    names: members.map(({ name }) => name).join('\0'),
    preserve,
    followLinks,
    owners: preserve && uid === 0,
    umask,
    ...(manifest === undefined ? {} : { manifest }),
  };
  const bytes = members.reduce((sum, { action }) => sum + action.entry.size, 0);
  const isSmall = members.length < FEW && bytes < LITTLE;
  for await (const piece of isSmall ? packFiles(input) : startThreaded<PackedPiece>('pack', input)) {
    for (const { index, failure } of piece.failed)
      job.fail(members[index]?.action.path ?? '', thrownOf(failure));
    for (const { index, hash, size } of piece.sent) {
      const packed = members[index];
      if (packed === undefined) continue;
      report.sent.push({ packed, hash, bytes: size });
      job.arrived(size, packed.action.path);
    }
    await job.rate.take(piece.bytes.length, job.signal);
    yield piece.bytes;
  }
}
