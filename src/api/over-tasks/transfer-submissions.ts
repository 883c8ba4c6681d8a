import { posix } from 'node:path';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type {
  CopyRequest,
  DownloadRequest,
  ListRequest,
  SyncRequest,
  TransferOptions,
  UploadRequest,
} from '../contract.ts';
import type { Submission } from '../task-api.ts';
import type { SubmissionBase, SubmissionExtras } from './submissions.ts';

/** Requests for files as submissions. Local paths become absolute from the folder of the surroundings. */

export function uploadSubmission(request: UploadRequest, base: SubmissionBase): Submission {
  const { hosts, source, target, ...options } = request;
  const params = { source: absolute(source, base), target, ...optionsOf(options) };
  return { ...extrasOf(options, base), kind: 'scp.upload', hosts, params, surroundings: base.surroundings };
}

/**
 * One for all hosts; where each host's goes into a folder of its own, one for each of `names` (what
 * `hosts` names, resolved).
 */
export function downloadSubmissions(
  request: DownloadRequest,
  base: SubmissionBase,
  names: readonly string[],
): readonly Submission[] {
  const { hosts, source, target, recursive, inFolderOfHost, ...options } = request;
  const { surroundings } = base;
  const root = absolute(target, base);
  const one = (host: string, path: string, extras: SubmissionExtras | undefined): Submission => ({
    ...extras,
    kind: 'scp.download',
    hosts: host,
    params: {
      source,
      target: path,
      ...(recursive === undefined ? {} : { recursive }),
      ...optionsOf(options),
    },
    surroundings,
  });
  const extras = extrasOf(options, base);
  if (inFolderOfHost === undefined) return [one(hosts, root, extras)];
  return names.map((host, index) =>
    one(host, posix.join(root, folderOf(host), inFolderOfHost), keyedBy(extras, index, names.length)),
  );
}

export function syncSubmission(request: SyncRequest, base: SubmissionBase): Submission {
  const { hosts, local, remote, direction, deleteExtra, allowEmptySource, ...options } = request;
  const params = {
    local: absolute(local, base),
    remote,
    direction,
    ...(deleteExtra === undefined ? {} : { deleteExtra }),
    ...(allowEmptySource === undefined ? {} : { allowEmptySource }),
    ...optionsOf(options),
  };
  return { ...extrasOf(options, base), kind: 'scp.sync', hosts, params, surroundings: base.surroundings };
}

export function listSubmission(request: ListRequest, { surroundings }: SubmissionBase): Submission {
  const { hosts, path, recursive, limit } = request;
  const params = {
    path,
    ...(recursive === undefined ? {} : { recursive }),
    ...(limit === undefined ? {} : { limit }),
  };
  return { kind: 'scp.list', hosts, params, surroundings };
}

export function copySubmission(request: CopyRequest, base: SubmissionBase): Submission {
  const { fromHost, source, toHost, target, preserve } = request;
  const params = { source, toHost, target, ...(preserve === undefined ? {} : { preserve }) };
  return { ...base.extras, kind: 'scp.copy', hosts: fromHost, params, surroundings: base.surroundings };
}

/** A key guards one submission: of several, each gets its own. */
export function keyedBy(
  extras: SubmissionExtras | undefined,
  index: number,
  count: number,
): SubmissionExtras | undefined {
  if (extras?.idempotencyKey === undefined || count === 1) return extras;
  return { ...extras, idempotencyKey: `${extras.idempotencyKey}/${index}` };
}

/** A dry run is only looked at: it has no place in an order, and no key that the real one would meet again. */
function extrasOf(
  { dryRun, diff }: TransferOptions,
  { extras }: SubmissionBase,
): SubmissionExtras | undefined {
  return dryRun || diff ? undefined : extras;
}

function optionsOf(options: TransferOptions): Readonly<Record<string, unknown>> {
  const { exclude, preserve, links, compare, inplace, rateLimit, dryRun, diff, xattrs, acls } = options;
  const given = { exclude, preserve, links, compare, inplace, rateLimit, dryRun, diff, xattrs, acls };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function absolute(path: string, { surroundings }: SubmissionBase): string {
  if (path === '') throw new DeckhandError('input.invalid', 'A local path is empty.');
  return posix.resolve(surroundings.folder, path);
}

/** The name of a host as the name of a folder; never one that leads elsewhere. */
function folderOf(host: string): string {
  const name = host.replaceAll(/[/\0]/g, '_');
  return /^\.*$/.test(name) ? `_${name}` : name;
}
