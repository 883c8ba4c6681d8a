import type { RawPath } from '../../core/raw-path.ts';
import { toColumns } from '../thread/columns.ts';
import { startThreaded } from '../thread/file-threads.ts';
import { bundleFiles } from '../thread/bundle-files.ts';
import { type PackedPiece, packFiles, type PackInput } from '../thread/pack-files.ts';
import { thrownOf } from '../thread/protocol.ts';
import type { Entry } from '../tree/entry.ts';
import type { Job } from './job.ts';
import type { PackReport } from './pack-report.ts';

/** Members and bytes that are packed sooner here than a thread begins. */
const FEW = 100;
const LITTLE = 4 * 1024 * 1024;

export interface PackOptions {
  readonly job: Job;
  /** The name that a thing gets in the stream. */
  readonly nameOf: (entry: Entry) => RawPath;
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
export function isSmall(members: readonly Entry[]): boolean {
  return members.length < FEW && members.reduce((sum, { size }) => sum + size, 0) < LITTLE;
}

/** A stream of small files, folders and links. A file that cannot be read, or changes while it is, is left out. */
export async function* pack(
  members: readonly Entry[],
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
  batches: AsyncIterable<readonly Entry[]>,
  options: Pick<PackOptions, 'job' | 'root' | 'owners' | 'nameOf'>,
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
  members: readonly Entry[],
  { job, root, owners, nameOf }: Pick<PackOptions, 'job' | 'root' | 'owners' | 'nameOf'>,
): PackInput {
  const { preserve, followLinks } = job.options;
  const { umask } = job.capabilities;
  return {
    root,
    entries: toColumns(members),
    names: members.map(nameOf).join('\0'),
    preserve,
    followLinks,
    owners,
    umask,
  };
}

async function* sending(
  pieces: AsyncIterable<PackedPiece> | Iterable<PackedPiece>,
  members: readonly Entry[],
  job: Job,
  report: PackReport,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    for (const { index, failure } of piece.failed)
      report.failed.push({ path: members[index]?.path ?? '', error: thrownOf(failure) });
    for (const { index, hash, size } of piece.sent) {
      const entry = members[index];
      if (entry !== undefined) report.add({ entry, hash, bytes: size });
    }
    if (piece.bytes.length === 0) continue;
    await job.rate.take(piece.bytes.length, job.signal);
    yield piece.bytes;
  }
}
