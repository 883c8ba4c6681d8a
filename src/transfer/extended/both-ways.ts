import type { RawPath } from '../../core/raw-path.ts';
import type { BothTrees } from '../both-trees.ts';
import { type Action, otherSide, type Side } from '../decide/action.ts';
import type { Base } from '../decide/base.ts';
import type { BaseFile } from '../move/base-file.ts';
import type { Job } from '../move/job.ts';
import { foldersAbove } from '../tree/entry.ts';
import { differenceOf, type Dump, type Extended } from './dump.ts';
import { applyDump, type ExtendedEnd, type ExtendedWork, readDump } from './extended.ts';
import { decideExtended, type ExtendedDecision, keepChanged, nextExtendedBase } from './two-way.ts';

export interface BothWays {
  readonly trees: BothTrees;
  readonly kinds: readonly Extended[];
  /** What was equal the last time; of each kind its own. */
  readonly baseOf: (kind: Extended) => BaseFile;
  /** Decided by contents and modes. */
  readonly actions: readonly Action[];
}

interface Decided {
  readonly kind: Extended;
  readonly file: BaseFile;
  readonly base: Base | null;
  readonly before: Readonly<Record<Side, Dump>>;
  readonly decision: ExtendedDecision;
}

/**
 * Attributes and lists in both directions. Both sides are read before anything moves, for a file that is replaced
 * loses what it had; they get what was decided when all has moved.
 */
export class ExtendedBothWays implements ExtendedWork {
  readonly #one: BothWays;
  readonly #decided: readonly Decided[];
  /** Without deletions that would lose a change. */
  readonly actions: readonly Action[];
  readonly conflicts: readonly Action[];

  private constructor(one: BothWays, decided: readonly Decided[]) {
    this.#one = one;
    this.#decided = decided;
    this.actions = decided.reduce(
      (actions, { decision }) => keepChanged(actions, decision.conflicts),
      one.actions,
    );
    this.conflicts = decided.flatMap(each =>
      [...each.decision.conflicts].flatMap(path => conflictOf(one.trees, each, path)),
    );
  }

  /** Reads both sides and decides; changes nothing. */
  static async look(job: Job, one: BothWays): Promise<ExtendedBothWays> {
    const comesFrom = sourcesOf(one.actions);
    const isLeft = leftBy(one);
    const decided: Decided[] = [];
    for (const kind of one.kinds) {
      const file = one.baseOf(kind);
      const base = await file.load();
      const [local, remote] = await Promise.all([
        dumpBefore(job, kind, one.trees, 'local'),
        dumpBefore(job, kind, one.trees, 'remote'),
      ]);
      const decision = decideExtended({ kind, local, remote, base, comesFrom, isLeft });
      decided.push({ kind, file, base, before: { local, remote }, decision });
    }
    return new ExtendedBothWays(one, decided);
  }

  count(): Promise<number> {
    let count = 0;
    for (const { kind, before, decision } of this.#decided)
      for (const side of ['local', 'remote'] as const) {
        const known = new Map([...before[side]].filter(([path]) => decision[side].has(path)));
        count += differenceOf(kind, decision[side], known, undefined).count;
      }
    return Promise.resolve(count);
  }

  /** Gives both sides what was decided, and remembers it. */
  async carryOut(job: Job): Promise<number> {
    const failed = new Set(job.failures.map(({ path }) => path));
    const isDone = (path: RawPath): boolean =>
      !failed.has(path) && ![...foldersAbove(path)].some(folder => failed.has(folder));
    let count = 0;
    for (const { kind, file, base, decision } of this.#decided) {
      for (const side of ['local', 'remote'] as const) {
        const wanted = new Map([...decision[side]].filter(([path]) => isDone(path)));
        if (wanted.size === 0) continue;
        const end = endOf(this.#one.trees, side);
        const now = await readDump(job, kind, end, path => wanted.has(path));
        count += await applyDump(job, kind, end, { wanted, now });
      }
      await file.save(nextExtendedBase(decision, base, isDone));
    }
    return count;
  }
}

function endOf(trees: BothTrees, side: Side): ExtendedEnd {
  const { root } = trees[side].place;
  const isFile = [trees.local, trees.remote].some(({ tree }) => tree.entries.get('')?.type === 'file');
  return { side, root, isFile };
}

async function dumpBefore(job: Job, kind: Extended, trees: BothTrees, side: Side): Promise<Dump> {
  const { tree, place } = trees[side];
  if (place.isNew || !tree.entries.has('')) return new Map();
  return await readDump(job, kind, endOf(trees, side), path => {
    const type = tree.entries.get(path)?.type;
    return type === 'file' || type === 'directory';
  });
}

/** What is created, or takes the place of something of another type, has only what its source has. */
function sourcesOf(actions: readonly Action[]): ReadonlyMap<RawPath, Side> {
  const found = new Map<RawPath, Side>();
  for (const { action, side, path, entry, existing } of actions) {
    const isAnew = action === 'create' || (action === 'update' && existing?.type !== entry.type);
    if (isAnew) found.set(path, otherSide(side));
  }
  return found;
}

/** What was left out or is in conflict stays as it is; of two folders whose modes differ only they themselves. */
function leftBy({ actions, trees }: BothWays): (path: RawPath) => boolean {
  const alone = new Set<RawPath>();
  const whole = new Set<RawPath>();
  for (const { action, path } of actions) {
    if (action !== 'skip' && action !== 'conflict') continue;
    const isFolder = [trees.local, trees.remote].every(
      ({ tree }) => tree.entries.get(path)?.type === 'directory',
    );
    (isFolder ? alone : whole).add(path);
  }
  return path =>
    alone.has(path) || whole.has(path) || [...foldersAbove(path)].some(folder => whole.has(folder));
}

const WORDS: Readonly<Record<Extended, string>> = {
  xattrs: 'its extended attributes',
  acls: 'its access control list',
};

function conflictOf({ local, remote }: BothTrees, { kind, base }: Decided, path: RawPath): readonly Action[] {
  const [here, there] = [local.tree.entries.get(path) ?? null, remote.tree.entries.get(path) ?? null];
  const entry = there ?? here;
  if (entry === null) return [];
  const plural = kind === 'xattrs';
  const text =
    here === null || there === null
      ? `${plural ? 'were' : 'was'} changed on one side, and the other removed it`
      : base === null
        ? `${plural ? 'differ' : 'differs'}, and which side is newer is not known`
        : `${plural ? 'differ and were' : 'differs and was'} changed on both sides`;
  return [
    { action: 'conflict', side: 'remote', path, entry, existing: there, reason: `${WORDS[kind]} ${text}` },
  ];
}
