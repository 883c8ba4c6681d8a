import { createHash } from 'node:crypto';
import type { RawPath } from '../../core/raw-path.ts';
import type { Action, Side } from '../decide/action.ts';
import type { Base } from '../decide/base.ts';
import { foldersAbove } from '../tree/entry.ts';
import type { Dump, Extended } from './dump.ts';

export interface ExtendedTwoWay {
  readonly kind: Extended;
  /** What each side has before anything moves. */
  readonly local: Dump;
  readonly remote: Dump;
  /** A digest for each path that had something when both were equal; null = these two were never compared. */
  readonly base: Base | null;
  /** Sides that paths come from as something new, with all that belongs to them. */
  readonly comesFrom: ReadonlyMap<RawPath, Side>;
  /** What stays as it is on both sides. */
  readonly isLeft: (path: RawPath) => boolean;
}

export interface ExtendedDecision {
  /** What each side must have in the end: every path that either has, or had, something for. */
  readonly local: Dump;
  readonly remote: Dump;
  /** Changed on both sides: each keeps its own. */
  readonly conflicts: ReadonlySet<RawPath>;
  /** Stays as it is, whatever the base says of it. */
  readonly left: ReadonlySet<RawPath>;
}

/** In the base: the two sides differed, and nobody knows what they had in common. */
const UNKNOWN = '?';

/** Carries each side's changes to the other, path by path; what changed on both is a conflict. Nothing is lost. */
export function decideExtended(two: ExtendedTwoWay): ExtendedDecision {
  const local = new Map<RawPath, readonly string[]>();
  const remote = new Map<RawPath, readonly string[]>();
  const conflicts = new Set<RawPath>();
  const left = new Set<RawPath>();
  for (const path of new Set([...two.local.keys(), ...two.remote.keys(), ...(two.base?.keys() ?? [])])) {
    if (two.isLeft(path)) {
      left.add(path);
      continue;
    }
    const own = { local: two.local.get(path) ?? [], remote: two.remote.get(path) ?? [] };
    const winner = winnerOf(two, path, own);
    if (winner === undefined) conflicts.add(path);
    local.set(path, own[winner ?? 'local']);
    remote.set(path, own[winner ?? 'remote']);
  }
  return { local, remote, conflicts, left };
}

/** Undefined: neither. */
function winnerOf(
  { kind, base, comesFrom }: ExtendedTwoWay,
  path: RawPath,
  own: Readonly<Record<Side, readonly string[]>>,
): Side | undefined {
  const source = comesFrom.get(path);
  if (source !== undefined) return source;
  const now = { local: digestOf(own.local), remote: digestOf(own.remote) };
  if (now.local === now.remote) return 'local';
  const known = base === null ? UNKNOWN : (base.get(path)?.local ?? '');
  if (known !== UNKNOWN) {
    if (now.local === known) return 'remote';
    return now.remote === known ? 'local' : undefined;
  }
  // attributes where there were none take nothing away; a list says who may not, so it is not guessed
  if (kind === 'acls') return undefined;
  if (now.local === '') return 'remote';
  return now.remote === '' ? 'local' : undefined;
}

/** `isDone`: both sides have now what was decided. Of the rest what was known before is kept. */
export function nextExtendedBase(
  { local, conflicts, left }: ExtendedDecision,
  before: Base | null,
  isDone: (path: RawPath) => boolean,
): Base {
  const next = new Map<RawPath, { local: string; remote: string }>();
  for (const path of [...local.keys(), ...left]) {
    const isEqual = !left.has(path) && !conflicts.has(path) && isDone(path);
    const old = before === null ? UNKNOWN : (before.get(path)?.local ?? '');
    const digest = isEqual ? digestOf(local.get(path) ?? []) : old;
    if (digest !== '') next.set(path, { local: digest, remote: digest });
  }
  return next;
}

/** What was given another attribute on one side is not deleted because the other removed it; nor are its folders. */
export function keepChanged(actions: readonly Action[], conflicts: ReadonlySet<RawPath>): readonly Action[] {
  const stays = new Set<RawPath>();
  for (const { action, path } of actions) {
    if (action !== 'delete' || !conflicts.has(path)) continue;
    stays.add(path);
    for (const folder of foldersAbove(path)) stays.add(folder);
  }
  if (stays.size === 0) return actions;
  return actions.filter(({ action, path }) => action !== 'delete' || !stays.has(path));
}

/** `` for nothing. */
function digestOf(lines: readonly string[]): string {
  if (lines.length === 0) return '';
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 32);
}
