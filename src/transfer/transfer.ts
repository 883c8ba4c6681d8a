import { DeckhandError } from '../core/deckhand-error.ts';
import { type RawPath, rawToBytes, showRaw } from '../core/raw-path.ts';
import type { TransferAction, TransferResult } from '../core/transfer-params.ts';
import type { SshConnection } from '../ssh/connection.ts';
import { type BothTrees, listBoth, listBothUnless } from './both-trees.ts';
import { checkSource } from './check-source.ts';
import { equalContents, isDoubtful } from './compare-contents.ts';
import { foldingSides } from './case-folding.ts';
import { withoutTakenName } from './taken-name.ts';
import type { Action, Side } from './decide/action.ts';
import { type Base, nextBase } from './decide/base.ts';
import type { FoldingSides } from './decide/case-clashes.ts';
import type { Equality } from './decide/equal.ts';
import { decideOneWay, type Decision, isEmptySource } from './decide/one-way.ts';
import { decideTwoWay } from './decide/two-way.ts';
import { hostPath } from './host/list-script.ts';
import { quoteRaw, runScript } from './host/run-script.ts';
import { localError } from './host/script-error.ts';
import { diffsOf, type PlanDiff } from './plan-diff.ts';
import { ExtendedBothWays } from './extended/both-ways.ts';
import type { Extended } from './extended/dump.ts';
import { checkExtended, type ExtendedWork } from './extended/extended.ts';
import { ExtendedOneWay } from './extended/one-way.ts';
import { BaseFile } from './move/base-file.ts';
import type { Capabilities } from './host/capabilities.ts';
import { FirstCopy } from './move/first-copy.ts';
import { download } from './move/download.ts';
import { hardLinksOf } from './move/hard-links.ts';
import { Job, NO_COUNTS, type Place, stagesOf } from './move/job.ts';
import { LastSame, type SameRecord } from './move/last-same.ts';
import { type Upload, upload } from './move/upload.ts';
import { conflictsError, MOST_SKIPPED, type TransferOutcome } from './transfer-outcome.ts';
import type { TransferRequest } from './transfer-request.ts';
import { rmSync } from 'node:fs';

export type { TransferOutcome } from './transfer-outcome.ts';
export type { TransferRequest } from './transfer-request.ts';

/** Entries of a plan in a result. */
const MOST_PLANNED = 10_000;

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
  #isPlanned = false;
  /** Paths whose attributes or lists were changed; undefined where nobody asked. */
  #extended: number | undefined;
  #extendedConflicts: readonly Action[] = [];

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
    const makeJob = (capabilities: Capabilities): Job => this.#job(capabilities);
    await using first = known ? undefined : FirstCopy.of({ request: this.#request, makeJob });
    const trees = changed ?? (await listBoth(this.#request, undefined, first));
    checkSource(this.#request, trees);
    await using job = first?.job ?? makeJob(trees.capabilities);
    onPhase('preparing');
    const baseFile = direction === 'both' ? this.#baseFile(trees) : undefined;
    const base = (await baseFile?.load()) ?? null;
    const equality = await this.#equality(job, trees, base);
    const decided = this.#decide(trees, base, equality, await this.#folds(trees));
    const byContents = await withoutTakenName(this.#request, trees, decided);
    const extended = await this.#extendedWork(job, trees, byContents);
    this.#extendedConflicts = extended?.conflicts ?? [];
    const decision = extended ? { ...byContents, actions: extended.actions } : byContents;
    if (decision.actions.length === 0 && !this.#isUnfinished(trees))
      await last?.save(trees.marks, decision, begunAt);
    if (dryRun || this.#request.diff === true) {
      const plan = plannedOf([...decision.actions, ...this.#extendedConflicts]);
      const diffs =
        this.#request.diff === true ? await diffsOf(job, trees, plan) : new Map<Action, PlanDiff>();
      this.#extended = await extended?.count(job);
      return { result: this.#result(job, decision, { actions: plan, diffs }) };
    }
    const ahead = (await first?.agrees(decision.actions)) === true ? first : undefined;
    await this.#carryOut(job, trees, decision, { owners: equality.owners, first: ahead });
    this.#extended = await extended?.carryOut(job);
    if (baseFile) await this.#keepBase(baseFile, base, trees, decision, equality);
    return this.#outcome(job, decision);
  }

  #job(capabilities: Capabilities): Job {
    const { connection, bulkConnection, clock, signal, direction, links, rateLimit } = this.#request;
    const options = {
      connection,
      bulkConnection,
      clock,
      signal,
      preserve: this.#request.preserve || direction === 'both',
      inplace: this.#request.inplace ?? false,
      followLinks: links === 'follow',
      rateLimit,
      onProgress: (bytes: number, path: RawPath): void => {
        // while all is not listed yet, nobody knows of how much this is a part
        if (this.#isPlanned) this.#request.onProgress(bytes, this.#total, path);
      },
    };
    return new Job(options, capabilities);
  }

  #baseFile({ local, remote }: BothTrees, what: 'base' | Extended = 'base'): BaseFile {
    const { baseFolder, connection } = this.#request;
    const pair = { host: connection.host.name, local: local.place.root, remote: remote.place.root };
    return new BaseFile(baseFolder, pair, what);
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

  async #folds(trees: BothTrees): Promise<FoldingSides> {
    const { direction, connection, signal, dryRun, diff } = this.#request;
    const sides: Readonly<Record<typeof direction, readonly Side[]>> = {
      push: ['remote'],
      pull: ['local'],
      both: ['local', 'remote'],
    };
    const question = { connection, signal, trees, dryRun: dryRun || diff === true };
    return await foldingSides({ ...question, sides: sides[direction] });
  }

  #decide(
    { local, remote }: BothTrees,
    base: Base | null,
    equality: Equality,
    folds: FoldingSides,
  ): Decision {
    const { direction, links, deleteExtra, allowEmptySource } = this.#request;
    const common = { equality, links, deleteExtra };
    if (direction === 'both') {
      const lost =
        base !== null && base.size > 1 && (isEmptySource(local.tree) || isEmptySource(remote.tree));
      if (deleteExtra && !allowEmptySource && lost)
        throw new DeckhandError(
          'transfer.empty-source',
          'One side is empty or missing now; nothing was deleted.',
        );
      return decideTwoWay({ ...common, local: local.tree, remote: remote.tree, base, folds });
    }
    const [source, target, side]: [BothTrees['local'], BothTrees['local'], Side] =
      direction === 'push' ? [local, remote, 'remote'] : [remote, local, 'local'];
    const foldsCase = folds[side];
    return decideOneWay({ ...common, source: source.tree, target: target.tree, side, foldsCase });
  }

  async #carryOut(
    job: Job,
    { local, remote }: BothTrees,
    { actions }: Decision,
    { owners, first }: Pick<Upload, 'owners' | 'first'>,
  ): Promise<void> {
    const { onPhase, onBegin, resumes = false } = this.#request;
    const work = actions.filter(({ action }) => action !== 'skip' && action !== 'conflict');
    const forHost = work.filter(({ side }) => side === 'remote');
    const forHere = work.filter(({ side }) => side === 'local');
    this.#total = bytesOf(job, local.tree, forHost) + bytesOf(job, remote.tree, forHere);
    this.#isPlanned = true;
    if (work.length === 0 && !resumes && !this.#isUnfinished({ local, remote })) return;
    await onBegin(this.#total);
    this.#request.onProgress(0, this.#total, '');
    if (forHost.length > 0 || this.#mayBeLeft('remote', remote.place)) {
      onPhase('uploading');
      const source = { root: local.place.base, tree: local.tree };
      await upload({
        job,
        place: remote.place,
        source,
        target: remote.tree,
        actions: forHost,
        owners,
        first,
        resumes,
      });
    }
    if (forHere.length > 0 || this.#mayBeLeft('local', local.place)) {
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
        resumes,
      });
    }
    onPhase('verifying');
  }

  /** With nothing to be done on this side there is still what an earlier claim left, or a folder that gets its name. */
  #mayBeLeft(side: Side, { isNew }: Place): boolean {
    const { direction, resumes = false } = this.#request;
    if (direction === 'both') return resumes;
    return side === (direction === 'push' ? 'remote' : 'local') && (resumes || isNew);
  }

  #isUnfinished({ local, remote }: Pick<BothTrees, 'local' | 'remote'>): boolean {
    const { direction } = this.#request;
    return (direction !== 'pull' && remote.place.isNew) || (direction !== 'push' && local.place.isNew);
  }

  #extendedKinds(): readonly Extended[] {
    const { xattrs, acls } = this.#request;
    return [...(xattrs === true ? ['xattrs' as const] : []), ...(acls === true ? ['acls' as const] : [])];
  }

  /** Undefined: nothing of it was asked for. */
  async #extendedWork(job: Job, trees: BothTrees, { actions }: Decision): Promise<ExtendedWork | undefined> {
    const { direction } = this.#request;
    const kinds = this.#extendedKinds();
    if (kinds.length === 0) return undefined;
    await checkExtended(job, kinds);
    if (direction !== 'both') return new ExtendedOneWay({ trees, direction, kinds, actions });
    const baseOf = (kind: Extended): BaseFile => this.#baseFile(trees, kind);
    return await ExtendedBothWays.look(job, { trees, kinds, actions, baseOf });
  }

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
    const conflicts = conflictsError(result.conflicts);
    return conflicts === undefined ? { result } : { result, error: conflicts };
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
    const conflicts = [...actions.filter(({ action }) => action === 'conflict'), ...this.#extendedConflicts];
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
