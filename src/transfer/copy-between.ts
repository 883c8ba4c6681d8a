import type { Clock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { type RawPath, showRaw } from '../core/raw-path.ts';
import type { TransferResult } from '../core/transfer-params.ts';
import type { SshConnection } from '../ssh/connection.ts';
import { hashRemote } from './host/hash-remote.ts';
import { listRemote, type RemoteTree } from './host/list-remote.ts';
import { absolutePath, hostPath } from './host/list-script.ts';
import { quoteRaw, runScript } from './host/run-script.ts';
import { scriptError } from './host/script-error.ts';
import { placeOf, stagesOf } from './move/job.ts';
import { FUNCTIONS, renameText } from './move/remote-commands.ts';
import { CopyFilter } from './copy-filter.ts';
import { Pipe } from './copy-pipe.ts';
import { TarReader } from './tar/reader.ts';
import { join, nameOf, parentOf, type Tree } from './tree/entry.ts';
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
  readonly onPhase: (phase: string) => void;
  /** Bytes of contents, of all. */
  readonly onProgress: (done: number, total: number) => void;
  readonly onBegin: () => Promise<void>;
}

/**
 * A file or a tree from one host to another, through this machine in one stream: neither host learns of the
 * other, and nothing is stored here. The target must not be a folder that the tree would be mixed into.
 */
export async function copyBetween(copy: CopyBetween): Promise<TransferResult> {
  const startedAt = copy.clock.monotonic();
  copy.onPhase('validating');
  const source = await listHost(copy.from, copy.source, copy.signal, 'all');
  const root = source.tree.entries.get('');
  if (root?.type !== 'file' && root?.type !== 'directory')
    throw new DeckhandError(
      'transfer.missing',
      `${copy.from.host.name}: no file or folder ${showRaw(copy.source)}.`,
    );
  const target = await targetOf(copy, source, root.type);
  await copy.onBegin();
  copy.onPhase('copying');
  const entries = [...source.tree.entries.values()];
  const files = entries.filter(({ type }) => type === 'file');
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  await stream(copy, source, target, bytes);
  copy.onPhase('verifying');
  const verified = await verify(
    copy,
    source,
    target,
    files.map(({ path }) => path),
  );
  await takeName(copy, target);
  const skipped = entries.filter(({ type }) => !['file', 'directory', 'symlink'].includes(type));
  return {
    files: files.length,
    bytes,
    directories: entries.filter(({ type }) => type === 'directory').length,
    links: entries.filter(({ type }) => type === 'symlink').length,
    unchanged: 0,
    deleted: 0,
    totalBytes: bytes,
    duration: Math.round(copy.clock.monotonic() - startedAt),
    verified,
    skipped: skipped.slice(0, 1000).map(({ path, type, size }) => ({
      action: 'skip',
      side: 'remote',
      path: showRaw(path),
      type,
      size,
      reason: `it is a ${type}`,
    })),
    skippedCount: skipped.length,
    conflicts: [],
  };
}

interface Target {
  /** Absolute. */
  readonly root: RawPath;
  readonly stage: RawPath;
  readonly staged: RawPath;
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
  if (there !== undefined && (type === 'directory' || there.type === 'directory'))
    throw new DeckhandError('transfer.exists', `${to.host.name}: ${showRaw(found.root)} is there already.`);
  const { stage } = placeOf(found.root, id, there);
  return { root: found.root, stage, staged: join(stage, nameOf(source.root)), listed: found };
}

/** The source's tar into the target's, with no more in memory than a few pieces. */
async function stream(
  copy: CopyBetween,
  source: { readonly root: RawPath; readonly tree: Tree },
  { stage, listed }: Target,
  total: number,
): Promise<void> {
  const { from, to, preserve } = copy;
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
    if (exitCode !== 0) throw scriptError(to.host.name, 'writing', errors, exitCode);
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

async function takeName({ to, signal }: CopyBetween, { root, stage, staged }: Target): Promise<void> {
  const script = `${FUNCTIONS} sync -f ${quoteRaw(stage)} 2>/dev/null; ${renameText(staged, root)} && rm -rf -- ${quoteRaw(stage)}`;
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
