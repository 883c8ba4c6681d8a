import type { RawPath } from '../../core/raw-path.ts';
import type { BothTrees } from '../both-trees.ts';
import type { Action } from '../decide/action.ts';
import type { Job } from '../move/job.ts';
import { foldersAbove } from '../tree/entry.ts';
import { differenceOf, type Dump, type Extended } from './dump.ts';
import { applyDump, type ExtendedEnd, type ExtendedWork, readDump } from './extended.ts';

export interface OneWayExtended {
  readonly trees: BothTrees;
  readonly direction: 'push' | 'pull';
  readonly kinds: readonly Extended[];
  readonly actions: readonly Action[];
}

/** Attributes and lists in one direction: the target gets what the source has, for everything that both have. */
export class ExtendedOneWay implements ExtendedWork {
  readonly #one: OneWayExtended;
  readonly conflicts = [];

  constructor(one: OneWayExtended) {
    this.#one = one;
  }
  get actions(): readonly Action[] {
    return this.#one.actions;
  }

  async count(job: Job): Promise<number> {
    const { trees, direction } = this.#one;
    const { tree, place } = direction === 'push' ? trees.remote : trees.local;
    const isThere = !place.isNew && tree.entries.has('');
    return await this.#each(job, async (kind, to, wanted, read) => {
      const now = isThere ? await read(to) : new Map();
      return differenceOf(kind, wanted, now, undefined).count;
    });
  }

  async carryOut(job: Job): Promise<number> {
    return await this.#each(job, async (kind, to, wanted, read) => {
      return await applyDump(job, kind, to, { wanted, now: await read(to) });
    });
  }

  async #each(
    job: Job,
    work: (
      kind: Extended,
      to: ExtendedEnd,
      wanted: Dump,
      read: (end: ExtendedEnd) => Promise<Dump>,
    ) => Promise<number>,
  ): Promise<number> {
    const { trees, direction, kinds } = this.#one;
    const [from, to] = direction === 'push' ? (['local', 'remote'] as const) : (['remote', 'local'] as const);
    const { entries } = trees[from].tree;
    const isLeft = this.#leftBy(job);
    if (!entries.has('') || isLeft('')) return 0;
    const isFile = entries.get('')?.type === 'file';
    const isWanted = (path: RawPath): boolean => {
      const type = entries.get(path)?.type;
      return (type === 'file' || type === 'directory') && !isLeft(path);
    };
    const end = (side: typeof from): ExtendedEnd => ({ side, root: trees[side].place.root, isFile });
    let count = 0;
    for (const kind of kinds) {
      const read = async (one: ExtendedEnd): Promise<Dump> => await readDump(job, kind, one, isWanted);
      count += await work(kind, end(to), await read(end(from)), read);
    }
    return count;
  }

  /** What was left out, or failed. */
  #leftBy({ failures }: Job): (path: RawPath) => boolean {
    const left = new Set(failures.map(({ path }) => path));
    for (const { action, path } of this.#one.actions)
      if (action === 'skip' || action === 'conflict') left.add(path);
    return path => left.has(path) || [...foldersAbove(path)].some(each => left.has(each));
  }
}
