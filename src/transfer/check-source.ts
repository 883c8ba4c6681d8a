import { DeckhandError } from '../core/deckhand-error.ts';
import { showRaw } from '../core/raw-path.ts';
import type { BothTrees } from './both-trees.ts';
import { isEmptySource } from './decide/one-way.ts';
import type { TransferRequest } from './transfer-request.ts';

/** Throws where there is nothing that can be transferred, or an empty source would delete everything. */
export function checkSource(request: TransferRequest, { local, remote }: BothTrees): void {
  const { direction, deleteExtra, allowEmptySource, connection } = request;
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
