import { type RawPath, showRaw } from '../core/raw-path.ts';
import type { SshConnection } from '../ssh/connection.ts';
import type { BothTrees } from './both-trees.ts';
import { otherNameOf } from './case-folding.ts';
import type { Action } from './decide/action.ts';
import type { Decision } from './decide/one-way.ts';

interface Host {
  readonly connection: SshConnection;
  readonly signal: AbortSignal;
}

/**
 * A transfer of one file never takes the place of another whose name differs only in case. In trees the listings show
 * it; of a single file's folder nothing is listed, so it is asked where the file is to be changed.
 */
export async function withoutTakenName(host: Host, trees: BothTrees, decision: Decision): Promise<Decision> {
  const { actions } = decision;
  // the root comes first
  const [root] = actions;
  if (root === undefined || !isOnlyFile(root)) return decision;
  return { ...decision, actions: actions.with(0, await unlessTaken(host, trees, root)) };
}

/** Why a file does not get the place of the one that has this other name. */
export function takenReason(name: RawPath): string {
  return `it would take the place of ${showRaw(name)}, whose name differs only in case, and the target takes both for one`;
}

function isOnlyFile({ path, action, existing }: Action): boolean {
  return path === '' && existing?.type === 'file' && (action === 'update' || action === 'attributes');
}

async function unlessTaken(host: Host, trees: BothTrees, action: Action): Promise<Action> {
  const { side } = action;
  const name = await otherNameOf({ ...host, side, path: trees[side].place.root });
  return name === null ? action : { ...action, action: 'conflict', reason: takenReason(name) };
}
