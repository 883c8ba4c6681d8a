import type { RawPath } from '../../core/raw-path.ts';
import type { Action } from '../decide/action.ts';
import { toColumns } from '../thread/columns.ts';
import { startThreaded } from '../thread/file-threads.ts';
import { bundleFiles } from '../thread/bundle-files.ts';
import { type PackedPiece, packFiles, type PackInput } from '../thread/pack-files.ts';
import { thrownOf } from '../thread/protocol.ts';
import type { Job } from './job.ts';
import type { PackReport } from './pack-report.ts';

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
  /** A tar, or a bundle (`bundle/format.ts`). */
  readonly as: 'pack' | 'bundle';
  /** Said to whoever unpacks it, who has to count on it. */
  readonly owners: boolean;
}

/** Not worth a thread here, nor a program of its own there. */
export function isSmall(members: readonly { readonly action: Action }[]): boolean {
  const bytes = members.reduce((sum, { action }) => sum + action.entry.size, 0);
  return members.length < FEW && bytes < LITTLE;
}

/** A stream of small files, folders and links. A file that cannot be read, or changes while it is, is left out. */
export async function* pack(
  members: readonly Packed[],
  options: PackOptions,
  report: PackReport,
): AsyncGenerator<Uint8Array> {
  const { manifest, as } = options;
  const input = { ...inputOf(members, options), ...(manifest === undefined ? {} : { manifest }) };
  const here = as === 'bundle' ? bundleFiles : packFiles;
  const pieces = isSmall(members) ? here(input) : startThreaded<PackedPiece>(as, input);
  yield* sending(pieces, members, options.job, report);
}

/** As `pack`, chunks of a bundle, of members that come by and by. */
export async function* packAsTheyCome(
  batches: AsyncIterable<readonly Packed[]>,
  options: Pick<PackOptions, 'job' | 'root' | 'owners'>,
  report: PackReport,
): AsyncGenerator<Uint8Array> {
  for await (const members of batches)
    yield* sending(
      startThreaded<PackedPiece>('bundle', inputOf(members, options)),
      members,
      options.job,
      report,
    );
}

function inputOf(
  members: readonly Packed[],
  { job, root, owners }: Pick<PackOptions, 'job' | 'root' | 'owners'>,
): PackInput {
  const { preserve, followLinks } = job.options;
  const { umask } = job.capabilities;
  return {
    root,
    entries: toColumns(members.map(({ action }) => action.entry)),
    names: members.map(({ name }) => name).join('\0'),
    preserve,
    followLinks,
    owners,
    umask,
  };
}

async function* sending(
  pieces: AsyncIterable<PackedPiece> | Iterable<PackedPiece>,
  members: readonly Packed[],
  job: Job,
  report: PackReport,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    for (const { index, failure } of piece.failed)
      report.failed.push({ path: members[index]?.action.path ?? '', error: thrownOf(failure) });
    for (const { index, hash, size } of piece.sent) {
      const packed = members[index];
      if (packed !== undefined) report.add({ packed, hash, bytes: size });
    }
    if (piece.bytes.length === 0) continue;
    await job.rate.take(piece.bytes.length, job.signal);
    yield piece.bytes;
  }
}
