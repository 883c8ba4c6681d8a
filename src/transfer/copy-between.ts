import type { Clock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { type RawPath, showRaw } from '../core/raw-path.ts';
import type { SshConnection } from '../ssh/connection.ts';
import { hashRemote } from './host/hash-remote.ts';
import { listRemote, type RemoteTree } from './host/list-remote.ts';
import { absolutePath, hostPath } from './host/list-script.ts';
import { quoteRaw, runScript } from './host/run-script.ts';
import { scriptError } from './host/script-error.ts';
import { placeOf, stagesOf } from './move/job.ts';
import { FUNCTIONS, renameText } from './move/remote-commands.ts';
import { otherNameOf } from './case-folding.ts';
import { type CopiedTree, withoutClashes } from './copy-clashes.ts';
import { CopyFilter } from './copy-filter.ts';
import { finishFolders, isWhole, lacksOnlyFolders } from './copy-folders.ts';
import { Pipe } from './copy-pipe.ts';
import { conflictsError, MOST_SKIPPED, type TransferOutcome } from './transfer-outcome.ts';
import { takenReason } from './taken-name.ts';
import { TarReader } from './tar/reader.ts';
import { join, nameOf, parentOf } from './tree/entry.ts';
import { excludeBy } from './tree/filter.ts';

export interface CopyBetween {
  readonly from: SshConnection;
  readonly to: SshConnection;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Of the task. */
  readonly id: string;
  readonly source: RawPath;
  readonly target: RawPath;
  readonly preserve: boolean;
  /** An earlier claim of the task began it: a whole copy under the target's name is what that one made. */
  readonly again: boolean;
  readonly onPhase: (phase: string) => void;
  /** Bytes of contents, of all. */
  readonly onProgress: (done: number, total: number) => void;
  readonly onBegin: () => Promise<void>;
}

/**
 * A file or a tree from one host to another, through this machine in one stream: neither host learns of the
 * other, and nothing is stored here. The target must not be a folder that the tree would be mixed into.
 */
export async function copyBetween(copy: CopyBetween): Promise<TransferOutcome> {
  const startedAt = copy.clock.monotonic();
  copy.onPhase('validating');
  const listed = await listHost(copy.from, copy.source, copy.signal, 'all');
  const root = listed.tree.entries.get('');
  if (root?.type !== 'file' && root?.type !== 'directory')
    throw new DeckhandError(
      'transfer.missing',
      `${copy.from.host.name}: no file or folder ${showRaw(copy.source)}.`,
    );
  const target = await targetOf(copy, listed, root.type);
  const { system } = target.listed.capabilities;
  const copied = await withoutClashes(listed.tree, { ...target, to: copy.to, signal: copy.signal, system });
  const source = { ...listed, ...copied };
  await copy.onBegin();
  copy.onPhase('copying');
  if (target.isTaken) await checkCopied(copy, source, target);
  const entries = [...source.tree.entries.values()];
  const files = entries.filter(({ type }) => type === 'file');
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const unfinished = target.isTaken ? undefined : await stream(copy, source, target, bytes);
  if (unfinished) await finish(copy, source, target, unfinished);
  copy.onPhase('verifying');
  const verified = await verify(
    copy,
    source,
    target,
    files.map(({ path }) => path),
  );
  await takeName(copy, target);
  const skipped = entries.filter(({ type }) => !['file', 'directory', 'symlink'].includes(type));
  const result = {
    files: files.length,
    bytes,
    directories: entries.filter(({ type }) => type === 'directory').length,
    links: entries.filter(({ type }) => type === 'symlink').length,
    unchanged: 0,
    deleted: 0,
    totalBytes: bytes,
    duration: Math.round(copy.clock.monotonic() - startedAt),
    verified,
    skipped: skipped.slice(0, MOST_SKIPPED).map(({ path, type, size }) => ({
      action: 'skip' as const,
      side: 'remote' as const,
      path: showRaw(path),
      type,
      size,
      reason: `it is a ${type}`,
    })),
    skippedCount: skipped.length,
    conflicts: copied.conflicts.slice(0, MOST_SKIPPED),
  };
  const error = conflictsError(copied.conflicts);
  return error === undefined ? { result } : { result, error };
}

interface Target {
  /** Absolute. */
  readonly root: RawPath;
  readonly stage: RawPath;
  /** Where the copy is before it takes its name, and is verified. */
  readonly staged: RawPath;
  /** An earlier claim may have finished it already. */
  readonly isTaken: boolean;
  readonly listed: RemoteTree;
}

async function listHost(
  connection: SshConnection,
  path: RawPath,
  signal: AbortSignal,
  depth: 0 | 'all',
): Promise<RemoteTree & { readonly root: RawPath }> {
  const root = hostPath(path);
  const listed = await listRemote(connection, {
    root,
    depth,
    follow: false,
    excluded: excludeBy([]),
    signal,
  });
  const [problem] = listed.tree.problems;
  if (problem !== undefined)
    throw new DeckhandError(
      'transfer.no-permission',
      `${connection.host.name}: ${showRaw(problem.path)} cannot be looked into.`,
    );
  return { ...listed, root: absolutePath(root, listed.home) };
}

/** A file whose target is a folder goes into it; a folder needs a name that is free. */
async function targetOf(
  copy: CopyBetween,
  source: { readonly root: RawPath },
  type: 'file' | 'directory',
): Promise<Target> {
  const { to, signal, id } = copy;
  let found = await listHost(to, copy.target, signal, 0);
  if (type === 'file' && found.tree.entries.get('')?.type === 'directory')
    found = await listHost(to, join(found.root, nameOf(source.root)), signal, 0);
  const there = found.tree.entries.get('');
  const isTaken = there !== undefined && (type === 'directory' || there.type === 'directory');
  if (isTaken && !(copy.again && type === 'directory')) throw existsError(copy, found.root);
  const { root } = found;
  if (there?.type === 'file') await checkName(copy, root);
  const { stage } = placeOf(root, id, isTaken ? undefined : there);
  const staged = isTaken ? root : join(stage, nameOf(source.root));
  return { root, stage, staged, isTaken, listed: found };
}

/** What is there must not be another file, whose name differs only in case. */
async function checkName({ to, signal }: CopyBetween, path: RawPath): Promise<void> {
  const name = await otherNameOf({ connection: to, signal, side: 'remote', path });
  if (name === null) return;
  throw new DeckhandError(
    'transfer.conflicts',
    `${to.host.name}: ${showRaw(path)} was not copied: ${takenReason(name)}.`,
  );
}

function existsError({ to }: CopyBetween, root: RawPath): DeckhandError {
  return new DeckhandError('transfer.exists', `${to.host.name}: ${showRaw(root)} is there already.`);
}

/** Names, types and sizes: what the files hold is verified as after any copy. */
async function checkCopied(copy: CopyBetween, { tree }: CopiedTree, { root }: Target): Promise<void> {
  const { tree: found } = await listHost(copy.to, root, copy.signal, 'all');
  if (!isWhole(tree, found)) throw existsError(copy, root);
}

/** All is there but for what a tar did not do to folders. Throws what it said where more is missing. */
async function finish(
  { to, signal, preserve }: CopyBetween,
  source: CopiedTree,
  { staged, listed }: Target,
  said: DeckhandError,
): Promise<void> {
  const { tree: found } = await listHost(to, staged, signal, 'all');
  if (!isWhole(source.tree, found)) throw said;
  const owners = listed.capabilities.uid === 0;
  await finishFolders({ to, signal, source: source.tree, found, root: staged, preserve, owners });
}

/**
 * The source's tar into the target's, with no more in memory than a few pieces. What is given back is what the target's
 * said when it could not finish folders.
 */
async function stream(
  copy: CopyBetween,
  source: CopiedTree & { readonly root: RawPath },
  { stage, listed }: Target,
  total: number,
): Promise<DeckhandError | undefined> {
  const { from, to, preserve } = copy;
  let unfinished: DeckhandError | undefined;
  const pipe = new Pipe();
  const filter = new CopyFilter(source, {
    write: async bytes => await pipe.write(bytes),
    onProgress: done => copy.onProgress(Math.min(done, total), total),
  });
  const reader = new TarReader(filter);
  const owner = preserve && listed.capabilities.uid === 0 ? '' : '-o';
  const parent = quoteRaw(parentOf(stage) || '/');
  const unpack = `umask 022; mkdir -p ${parent} && rm -rf -- ${quoteRaw(stage)} && umask 077 && mkdir ${quoteRaw(stage)} && cd ${quoteRaw(stage)} && tar -x -p ${preserve ? '' : '-m'} ${owner} -f -`;
  const name = nameOf(source.root);
  const packText = `cd ${quoteRaw(parentOf(source.root) || '/')} && tar -c -f - ${quoteRaw(`./${name}`)}`;
  const both = new AbortController();
  const signal = AbortSignal.any([copy.signal, both.signal]);
  const packing = async (): Promise<void> => {
    const onOutput = async (bytes: Uint8Array): Promise<void> => await reader.add(bytes);
    const { exitCode, errors } = await runScript(from, packText, { signal, onOutput });
    if (exitCode !== 0 || !reader.isComplete) throw scriptError(from.host.name, 'reading', errors, exitCode);
    await filter.end();
    pipe.end();
  };
  const unpacking = async (): Promise<void> => {
    const { exitCode, errors } = await runScript(to, unpack, { signal, stdin: pipe });
    if (exitCode !== 0) unfinished = scriptError(to.host.name, 'writing', errors, exitCode);
    if (unfinished && !lacksOnlyFolders(errors)) throw unfinished;
    // a tar that ends before the stream does would let the other half wait for ever
    pipe.close();
  };
  const halves = [packing(), unpacking()];
  const stopOther = async (half: Promise<void>): Promise<void> => {
    try {
      await half;
    } catch (error) {
      both.abort(error);
      pipe.fail(error as Error);
      throw error;
    }
  };
  const ends = await Promise.allSettled(halves.map(stopOther));
  const failed = ends.flatMap(end => (end.status === 'rejected' ? [end.reason as unknown] : []));
  if (failed.length > 0) throw both.signal.aborted ? both.signal.reason : failed[0];
  copy.onProgress(total, total);
  return unfinished;
}

async function verify(
  { from, to, signal }: CopyBetween,
  source: RemoteTree & { readonly root: RawPath },
  { staged, listed }: Target,
  paths: readonly RawPath[],
): Promise<number> {
  const at = (root: RawPath): RawPath[] => paths.map(path => join(root, path));
  const target = await hashRemote(to, listed.capabilities.hash, at(staged), signal);
  const origin = await hashRemote(from, source.capabilities.hash, at(source.root), signal);
  if (origin.size === 0 || target.size === 0) return 0;
  for (const path of paths) {
    const hash = origin.get(join(source.root, path));
    if (hash === undefined || target.get(join(staged, path)) !== hash)
      throw new DeckhandError(
        'transfer.checksum',
        `${showRaw(path) || showRaw(source.root)} differs on ${to.host.name}.`,
      );
  }
  return paths.length;
}

async function takeName(
  { to, signal }: CopyBetween,
  { root, stage, staged, isTaken }: Target,
): Promise<void> {
  const rename = isTaken ? ':' : renameText(staged, root);
  const script = `${FUNCTIONS} sync -f ${quoteRaw(stage)} 2>/dev/null; ${rename} && rm -rf -- ${quoteRaw(stage)}`;
  const { exitCode, errors } = await runScript(to, script, { signal });
  if (exitCode !== 0) throw scriptError(to.host.name, 'naming what was copied', errors, exitCode);
}

/** Removes what an interrupted copy left on the target's host. */
export async function removeCopyParts(
  to: SshConnection,
  { id, target }: { readonly id: string; readonly target: RawPath },
  signal: AbortSignal,
): Promise<void> {
  const { beside, inside } = stagesOf(hostPath(target), id);
  const script = `rm -rf -- ${quoteRaw(beside)} ${quoteRaw(inside)}`;
  const { exitCode, errors } = await runScript(to, script, { signal });
  if (exitCode !== 0) throw scriptError(to.host.name, 'removing what was copied', errors, exitCode);
}
