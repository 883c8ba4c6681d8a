import { DeckhandError } from '../core/deckhand-error.ts';
import { type RawPath, rawToBytes, showRaw } from '../core/raw-path.ts';
import type { TransferAction, TransferResult } from '../core/transfer-params.ts';
import type { SshConnection } from '../ssh/connection.ts';
import { type BothTrees, listBoth, listBothUnless } from './both-trees.ts';
import { equalContents, isDoubtful } from './compare-contents.ts';
import type { Action, Side } from './decide/action.ts';
import { type Base, nextBase } from './decide/base.ts';
import type { Equality } from './decide/equal.ts';
import { decideOneWay, type Decision, isEmptySource } from './decide/one-way.ts';
import { decideTwoWay } from './decide/two-way.ts';
import { hostPath } from './host/list-script.ts';
import { quoteRaw, runScript } from './host/run-script.ts';
import { localError } from './host/script-error.ts';
import { diffsOf, type PlanDiff } from './plan-diff.ts';
import { type Extended } from './extended/dump.ts';
import { checkExtended, copyExtended } from './extended/extended.ts';
import { foldersAbove } from './tree/entry.ts';
import { BaseFile } from './move/base-file.ts';
import { download } from './move/download.ts';
import { hardLinksOf } from './move/hard-links.ts';
import { Job, NO_COUNTS, stagesOf } from './move/job.ts';
import { LastSame, type SameRecord } from './move/last-same.ts';
import { upload } from './move/upload.ts';
import type { TransferRequest } from './transfer-request.ts';
import { rmSync } from 'node:fs';

export type { TransferRequest } from './transfer-request.ts';

/** Entries of lists in a result. */
const MOST_SKIPPED = 1000;
const MOST_PLANNED = 10_000;

export interface TransferOutcome {
  readonly result: TransferResult;
  /** Set when not all could be done: `transfer.conflicts`, `transfer.some-failed`, or the only file's own error. */
  readonly error?: DeckhandError;
}

/**
 * Brings files from one side to the other, or both ways. What fails for single files is in the outcome;
 * what concerns everything is thrown: then parts of it may be left, which a later call with the same id goes
 * on with, and `removeParts` removes.
 */
export async function transfer(request: TransferRequest): Promise<TransferOutcome> {
  try {
    return await new Transfer(request).run();
  } catch (error) {
    throw localError(error, showRaw(request.local));
  }
}

class Transfer {
  readonly #request: TransferRequest;
  readonly #startedAt: number;
  #total = 0;

  constructor(request: TransferRequest) {
    this.#request = request;
    this.#startedAt = request.clock.monotonic();
  }

  async run(): Promise<TransferOutcome> {
    const { direction, onPhase, dryRun } = this.#request;
    onPhase('validating');
    const begunAt = this.#request.clock.now();
    const last = LastSame.of(this.#request);
    const known = await last?.load();
    const changed = known ? await listBothUnless(this.#request, known) : undefined;
    if (known && changed === null) return { result: this.#sameAsLast(known) };
    const trees = changed ?? (await listBoth(this.#request));
    this.#checkSource(trees);
    const { connection, bulkConnection, clock, signal, links, rateLimit, onProgress } = this.#request;
    const preserve = this.#request.preserve || direction === 'both';
    await using job = new Job(
      {
        connection,
        bulkConnection,
        clock,
        signal,
        preserve,
        inplace: this.#request.inplace ?? false,
        followLinks: links === 'follow',
        rateLimit,
        onProgress: (bytes, path) => onProgress(bytes, this.#total, path),
      },
      trees.capabilities,
    );
    onPhase('preparing');
    const baseFile = this.#baseFile(trees);
    const base = (await baseFile?.load()) ?? null;
    const equality = await this.#equality(job, trees, base);
    const decision = this.#decide(trees, base, equality);
    if (decision.actions.length === 0 && !this.#isUnfinished(trees))
      await last?.save(trees.marks, decision, begunAt);
    if (dryRun || this.#request.diff === true) {
      const plan = plannedOf(decision.actions);
      const diffs =
        this.#request.diff === true ? await diffsOf(job, trees, plan) : new Map<Action, PlanDiff>();
      return { result: this.#result(job, decision, { actions: plan, diffs }) };
    }
    await checkExtended(job, this.#extendedKinds());
    await this.#carryOut(job, trees, decision, equality.owners);
    await this.#copyExtended(job, trees, decision);
    if (baseFile) await this.#keepBase(baseFile, base, trees, decision, equality);
    return this.#outcome(job, decision);
  }

  #checkSource({ local, remote }: BothTrees): void {
    const { direction, deleteExtra, allowEmptySource, connection } = this.#request;
    const here = local.tree.entries.get('');
    const there = remote.tree.entries.get('');
    const host = connection.host.name;
    if (direction === 'both') {
      if (here === undefined && there === undefined)
        throw new DeckhandError('transfer.missing', `Neither here nor on ${host} is anything to sync.`);
      return;
    }
    const [root, tree, where] =
      direction === 'push'
        ? [here, local, `${showRaw(local.place.root)} here`]
        : [there, remote, `${showRaw(remote.place.root)} on ${host}`];
    if (deleteExtra && !allowEmptySource && isEmptySource(tree.tree))
      throw new DeckhandError('transfer.empty-source', `${where} is empty or missing; nothing was deleted.`);
    if (root === undefined && !(deleteExtra && allowEmptySource))
      throw new DeckhandError(
        direction === 'push' ? 'local.file-missing' : 'transfer.missing',
        `${where} does not exist.`,
      );
    if (root !== undefined && root.type !== 'file' && root.type !== 'directory')
      throw new DeckhandError(
        'transfer.unsupported',
        `${where} is a ${root.type}, which cannot be transferred.`,
      );
  }

  #baseFile({ local, remote }: BothTrees): BaseFile | undefined {
    const { direction, baseFolder, connection } = this.#request;
    if (direction !== 'both') return undefined;
    const pair = { host: connection.host.name, local: local.place.root, remote: remote.place.root };
    return new BaseFile(baseFolder, pair);
  }

  async #equality(job: Job, trees: BothTrees, base: Base | null): Promise<Equality> {
    const { direction, compare } = this.#request;
    const { preserve } = job.options;
    const isRoot = direction === 'push' ? trees.capabilities.uid === 0 : process.getuid?.() === 0;
    const owners = preserve && direction !== 'both' && isRoot;
    // without kept times only the contents can say what is equal
    const byContents = compare === 'contents' || !preserve;
    const isWanted = byContents ? () => true : direction === 'both' ? isDoubtful(trees, base) : undefined;
    if (isWanted === undefined) return { preserve, owners, sameContents: undefined };
    const equal = await equalContents(job, trees, isWanted);
    return { preserve, owners, sameContents: byContents || equal.size > 0 ? equal : undefined };
  }

  #decide({ local, remote, capabilities }: BothTrees, base: Base | null, equality: Equality): Decision {
    const { direction, links, deleteExtra, allowEmptySource } = this.#request;
    const folds = {
      local: ['darwin', 'win32'].includes(process.platform),
      remote: capabilities.system === 'Darwin',
    };
    const common = { equality, links, deleteExtra };
    if (direction === 'both') {
      const lost =
        base !== null && base.size > 1 && (isEmptySource(local.tree) || isEmptySource(remote.tree));
      if (deleteExtra && !allowEmptySource && lost)
        throw new DeckhandError(
          'transfer.empty-source',
          'One side is empty or missing now; nothing was deleted.',
        );
      const trees = { local: local.tree, remote: remote.tree };
      return decideTwoWay({ ...common, ...trees, base, foldsCase: folds.local || folds.remote });
    }
    const [source, target, side]: [BothTrees['local'], BothTrees['local'], Side] =
      direction === 'push' ? [local, remote, 'remote'] : [remote, local, 'local'];
    return decideOneWay({
      ...common,
      source: source.tree,
      target: target.tree,
      side,
      foldsCase: folds[side],
    });
  }

  async #carryOut(
    job: Job,
    { local, remote }: BothTrees,
    { actions }: Decision,
    owners: boolean,
  ): Promise<void> {
    const { onPhase, onBegin, direction } = this.#request;
    const work = actions.filter(({ action }) => action !== 'skip' && action !== 'conflict');
    const forHost = work.filter(({ side }) => side === 'remote');
    const forHere = work.filter(({ side }) => side === 'local');
    this.#total = bytesOf(job, local.tree, forHost) + bytesOf(job, remote.tree, forHere);
    if (work.length === 0 && !this.#isUnfinished({ local, remote })) return;
    await onBegin(this.#total);
    this.#request.onProgress(0, this.#total, '');
    if (forHost.length > 0 || (direction === 'push' && remote.place.isNew)) {
      onPhase('uploading');
      const source = { root: local.place.base, tree: local.tree };
      await upload({ job, place: remote.place, source, target: remote.tree, actions: forHost, owners });
    }
    if (forHere.length > 0 || (direction === 'pull' && local.place.isNew)) {
      onPhase('downloading');
      const source = { root: remote.place.base, tree: remote.tree };
      const umask = process.umask();
      await download({
        job,
        place: local.place,
        source,
        target: local.tree,
        actions: forHere,
        owners,
        umask,
      });
    }
    onPhase('verifying');
  }

  #isUnfinished({ local, remote }: Pick<BothTrees, 'local' | 'remote'>): boolean {
    const { direction } = this.#request;
    return (direction !== 'pull' && remote.place.isNew) || (direction !== 'push' && local.place.isNew);
  }

  #extendedKinds(): readonly Extended[] {
    const { xattrs, acls } = this.#request;
    return [...(xattrs === true ? ['xattrs' as const] : []), ...(acls === true ? ['acls' as const] : [])];
  }

  async #copyExtended(job: Job, { local, remote }: BothTrees, { actions }: Decision): Promise<void> {
    const left = new Set(
      actions.filter(({ action }) => action === 'skip' || action === 'conflict').map(({ path }) => path),
    );
    for (const { path } of job.failures) left.add(path);
    const isLeft = (path: RawPath): boolean =>
      left.has(path) || [...foldersAbove(path)].some(each => left.has(each));
    const here = { side: 'local', root: local.place.root } as const;
    const there = { side: 'remote', root: remote.place.root } as const;
    const isPush = this.#request.direction === 'push';
    const [from, to] = isPush ? [here, there] : [there, here];
    for (const kind of this.#extendedKinds()) {
      const { tree } = isPush ? local : remote;
      if (!tree.entries.has('') || isLeft('')) continue;
      this.#extended = (this.#extended ?? 0) + (await copyExtended(job, { kind, from, to, tree, isLeft }));
    }
  }
  #extended: number | undefined;

  /** What is there after the work is looked at again: only what is seen to be equal counts as such the next time. */
  async #keepBase(
    file: BaseFile,
    base: Base | null,
    before: BothTrees,
    decision: Decision,
    equality: Equality,
  ): Promise<void> {
    const isDone = decision.actions.every(({ action }) => action === 'skip' || action === 'conflict');
    const after = isDone ? before : await listBoth(this.#request);
    const next = nextBase(
      { local: after.local.tree, remote: after.remote.tree },
      base ?? new Map(),
      equality,
    );
    await file.save(next);
  }

  #outcome(job: Job, decision: Decision): TransferOutcome {
    const result = this.#result(job, decision);
    const [first] = job.failures;
    if (first !== undefined) {
      const isOnly = job.failures.length === 1 && first.path === '';
      const text = `${job.failures.length} of ${job.failures.length + result.files} files failed; the first: ${first.error.message}`;
      return { result, error: isOnly ? first.error : new DeckhandError('transfer.some-failed', text) };
    }
    const [conflict] = result.conflicts;
    if (conflict === undefined) return { result };
    const text = `${result.conflicts.length} conflicts; the first: ${conflict.path || 'the root'}: ${conflict.reason}.`;
    return { result, error: new DeckhandError('transfer.conflicts', text) };
  }

  /** Both sides are to the byte what they were when there was nothing to do. */
  #sameAsLast({ unchanged, totalBytes }: SameRecord): TransferResult {
    const { clock, dryRun } = this.#request;
    return {
      ...NO_COUNTS,
      unchanged,
      totalBytes,
      duration: Math.round(clock.monotonic() - this.#startedAt),
      skipped: [],
      skippedCount: 0,
      conflicts: [],
      ...(dryRun ? { plan: [], planCount: 0 } : {}),
    };
  }

  #result(
    { counts, failures }: Job,
    { actions, unchanged, totalBytes }: Decision,
    plan?: { readonly actions: readonly Action[]; readonly diffs: ReadonlyMap<Action, PlanDiff> },
  ): TransferResult {
    const skipped = actions.filter(({ action }) => action === 'skip');
    const conflicts = actions.filter(({ action }) => action === 'conflict');
    return {
      ...counts,
      unchanged,
      totalBytes,
      duration: Math.round(this.#request.clock.monotonic() - this.#startedAt),
      skipped: skipped.slice(0, MOST_SKIPPED).map(shown),
      skippedCount: skipped.length,
      conflicts: conflicts.slice(0, MOST_SKIPPED).map(shown),
      ...(this.#extended === undefined ? {} : { extended: this.#extended }),
      ...(plan ? planOf(plan.actions, plan.diffs) : {}),
      ...(failures.length > 0
        ? {
            failures: failures
              .slice(0, MOST_SKIPPED)
              .map(({ path, error }) => ({ path: showRaw(path), error: error.toJSON() })),
          }
        : {}),
    };
  }
}

/** Bytes that travel for these actions. */
function bytesOf(job: Job, source: BothTrees['local']['tree'], actions: readonly Action[]): number {
  const made = actions.filter(({ action }) => action === 'create' || action === 'update');
  const links = hardLinksOf(source, made, job.options);
  return made.reduce(
    (sum, { path, entry }) => sum + (entry.type === 'file' && !links.has(path) ? entry.size : 0),
    0,
  );
}

/** Deletions first: they matter most. */
function plannedOf(actions: readonly Action[]): readonly Action[] {
  const planned = actions.filter(({ action }) => action !== 'skip');
  return [
    ...planned.filter(({ action }) => action === 'delete'),
    ...planned.filter(({ action }) => action !== 'delete'),
  ];
}

function planOf(
  actions: readonly Action[],
  diffs: ReadonlyMap<Action, PlanDiff>,
): Pick<TransferResult, 'plan' | 'planCount'> {
  const plan = actions.slice(0, MOST_PLANNED).map(action => {
    const diff = diffs.get(action);
    return { ...shown(action), ...(diff === undefined ? {} : { diff }) };
  });
  return { plan, planCount: actions.length };
}

function shown({ action, side, path, entry, reason }: Action): TransferAction {
  const { type, size } = entry;
  return { action, side, path: showRaw(path), type, size, ...(reason === undefined ? {} : { reason }) };
}

/** Removes what an interrupted transfer left on both sides. */
export async function removeParts(
  connection: SshConnection,
  parts: { readonly id: string; readonly local: RawPath; readonly remote: RawPath },
  signal: AbortSignal,
): Promise<void> {
  removeLocalParts(parts);
  const { beside, inside } = stagesOf(hostPath(parts.remote), parts.id);
  const script = `rm -rf -- ${quoteRaw(beside)} ${quoteRaw(inside)}`;
  const { exitCode, errors } = await runScript(connection, script, { signal });
  if (exitCode !== 0)
    throw new DeckhandError(
      'transfer.refused',
      `${connection.host.name}: what was left could not be removed: ${errors.trim()}.`,
    );
}

export function removeLocalParts({ id, local }: { readonly id: string; readonly local: RawPath }): void {
  const bare = local.length > 1 ? local.replace(/\/+$/, '') || '/' : local;
  for (const path of Object.values(stagesOf(bare, id)))
    rmSync(rawToBytes(path), { recursive: true, force: true });
}
