import type { RawPath } from '../../core/raw-path.ts';
import { type Entry, parentOf, type Tree } from '../tree/entry.ts';
import { type Action, otherSide, type Side } from './action.ts';
import { caseClashes, type FoldingSides } from './case-clashes.ts';
import { type Base, sameInEither, signatureOf } from './base.ts';
import type { Equality } from './equal.ts';
import type { Decision } from './one-way.ts';

export interface TwoWay {
  readonly local: Tree;
  readonly remote: Tree;
  /** Of the last time; null = these two were never seen to be equal. */
  readonly base: Base | null;
  readonly equality: Equality;
  readonly links: 'keep' | 'follow' | 'skip';
  readonly deleteExtra: boolean;
  readonly folds: FoldingSides;
}

/**
 * Carries each side's changes to the other. What changed on both sides is a conflict: both stay as they are.
 * What one side removed is removed on the other only when asked, and never when it was changed there.
 */
export function decideTwoWay(two: TwoWay): Decision {
  return new TwoWayDecision(two).decide();
}

interface Pair {
  readonly path: RawPath;
  readonly local: Entry | null;
  readonly remote: Entry | null;
}

class TwoWayDecision {
  readonly #two: TwoWay;
  readonly #actions: Action[] = [];
  /** In conflict or left out: nothing below is touched either. */
  readonly #left = new Set<RawPath>();
  /** Names that one side takes for another. */
  readonly #clashing: ReadonlySet<RawPath>;
  /** Folders that the other side removed: whether they go is known when everything in them is. */
  readonly #doubtful: { readonly entry: Entry; readonly side: Side }[] = [];
  #unchanged = 0;
  #totalBytes = 0;

  constructor(two: TwoWay) {
    this.#two = two;
    this.#clashing = caseClashes(two, two.folds).stay;
  }

  decide(): Decision {
    const { local, remote } = this.#two;
    const paths = [...new Set([...local.entries.keys(), ...remote.entries.keys()])].sort();
    for (const path of paths) {
      const pair = {
        path,
        local: local.entries.get(path) ?? null,
        remote: remote.entries.get(path) ?? null,
      };
      this.#totalBytes += Math.max(sizeOf(pair.local), sizeOf(pair.remote));
      this.#pair(pair);
    }
    this.#settleFolders();
    return {
      actions: inOrder(this.#actions),
      unchanged: this.#unchanged,
      totalBytes: this.#totalBytes,
    };
  }

  #pair(pair: Pair): void {
    const { path, local, remote } = pair;
    if (path !== '' && this.#left.has(parentOf(path))) {
      this.#left.add(path);
      return;
    }
    const refused = this.#refusal(local) ?? this.#refusal(remote);
    if (refused !== undefined) this.#leave(pair, refused, 'skip');
    else if (this.#clashing.has(path))
      this.#leave(pair, 'its name differs only in case from another, which one side takes for the same');
    else if (local && remote) this.#both(pair, local, remote);
    else if (local) this.#oneOnly(pair, local, 'local');
    else if (remote) this.#oneOnly(pair, remote, 'remote');
  }

  #both(pair: Pair, local: Entry, remote: Entry): void {
    const { base, equality } = this.#two;
    const { path } = pair;
    const isFolder = local.type === 'directory' || remote.type === 'directory';
    if (local.type !== remote.type && isFolder) {
      this.#leave(pair, `here a ${local.type}, on the host a ${remote.type}`);
      return;
    }
    const isSame = sameInEither(local, remote, equality);
    const sameMode = !equality.preserve || local.type === 'symlink' || local.mode === remote.mode;
    const known = base?.get(path);
    const changedHere = known?.local !== signatureOf(local);
    const changedThere = known?.remote !== signatureOf(remote);
    if ((isSame && sameMode) || (known !== undefined && !changedHere && !changedThere)) {
      this.#unchanged += 1;
      return;
    }
    if (changedHere && changedThere) {
      const what = isSame ? 'its mode differs' : 'it differs';
      const reason = known
        ? `${what} and was changed on both sides`
        : `${what}, and which side is newer is not known`;
      // folders differ in nothing but their mode: what is in them goes on
      this.#act(pair, 'conflict', 'remote', reason);
      if (!isFolder) this.#left.add(path);
      return;
    }
    this.#act(pair, isSame ? 'attributes' : 'update', changedHere ? 'remote' : 'local');
  }

  #oneOnly(pair: Pair, entry: Entry, side: Side): void {
    const { base, deleteExtra } = this.#two;
    const { path } = pair;
    const known = base?.get(path);
    // a folder where a file was is as new as any other
    const isNewFolder = entry.type === 'directory' && known?.[side].startsWith('d ') === false;
    if (known === undefined || isNewFolder || path === '') {
      this.#act(pair, 'create', otherSide(side));
      return;
    }
    if (entry.type === 'directory') {
      this.#doubtful.push({ entry, side });
      return;
    }
    if (known[side] !== signatureOf(entry)) {
      const where =
        side === 'local' ? 'changed here, removed on the host' : 'removed here, changed on the host';
      this.#act(pair, 'conflict', side, where);
    } else if (deleteExtra) this.#act(pair, 'delete', side);
    else this.#act(pair, 'skip', side, removedReason(side));
  }

  /** From the deepest up: a folder goes when all in it goes, and comes back when something new in it must travel. */
  #settleFolders(): void {
    const { deleteExtra } = this.#two;
    const stays = { local: new Set<RawPath>(), remote: new Set<RawPath>() };
    const needed = { local: new Set<RawPath>(), remote: new Set<RawPath>() };
    for (const { action, side, path } of this.#actions) {
      if (action === 'create') needed[side].add(parentOf(path));
      if (action === 'delete') continue;
      stays.local.add(parentOf(path));
      stays.remote.add(parentOf(path));
    }
    for (const path of this.#left) {
      stays.local.add(parentOf(path));
      stays.remote.add(parentOf(path));
    }
    for (const { entry, side } of this.#doubtful.toReversed()) {
      const { path } = entry;
      const parent = parentOf(path);
      const other = otherSide(side);
      const tree = this.#two[side];
      const action = { path, entry, existing: entry };
      if (needed[other].has(path)) {
        this.#actions.push({ ...action, action: 'create', side: other, existing: null });
        needed[other].add(parent);
        stays[side].add(parent);
      } else if (!deleteExtra || stays[side].has(path) || tree.holdsExcluded.has(path)) {
        const reason = deleteExtra ? 'something in it stays' : removedReason(side);
        this.#actions.push({ ...action, action: 'skip', side, reason });
        stays[side].add(parent);
      } else this.#actions.push({ ...action, action: 'delete', side });
    }
  }

  #refusal(entry: Entry | null): string | undefined {
    const { links } = this.#two;
    if (entry === null || entry.type === 'file' || entry.type === 'directory') return undefined;
    if (entry.type !== 'symlink')
      return entry.type === 'unknown'
        ? 'it is of no known type, or leads in a circle'
        : `it is a ${entry.type}`;
    if (links === 'skip') return 'symbolic links are left out';
    return links === 'follow' ? 'the symbolic link leads nowhere' : undefined;
  }

  #leave(pair: Pair, reason: string, action: 'skip' | 'conflict' = 'conflict'): void {
    this.#left.add(pair.path);
    this.#act(pair, action, 'remote', reason);
  }

  #act(pair: Pair, action: Action['action'], side: Side, reason?: string): void {
    const { path } = pair;
    const existing = pair[side];
    const wanted = action === 'delete' || action === 'skip' ? existing : pair[otherSide(side)];
    const entry = wanted ?? existing ?? pair[otherSide(side)];
    if (entry === null) return;
    this.#actions.push({ action, side, path, entry, existing, ...(reason === undefined ? {} : { reason }) });
  }
}

function removedReason(side: Side): string {
  const where = side === 'local' ? 'on the host' : 'here';
  return `it was removed ${where}, and deletions were not asked for`;
}

function sizeOf(entry: Entry | null): number {
  return entry?.type === 'file' ? entry.size : 0;
}

/** Folders before what is in them; deletions last, from the deepest up. */
function inOrder(actions: readonly Action[]): readonly Action[] {
  const byPath = (one: Action, other: Action): number =>
    one.path < other.path ? -1 : Number(one.path > other.path);
  const kept = actions.filter(({ action }) => action !== 'delete').sort(byPath);
  const deleted = actions.filter(({ action }) => action === 'delete').sort(byPath);
  return [...kept, ...deleted.toReversed()];
}
