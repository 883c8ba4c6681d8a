import { buildCommand } from '@stricli/core';
import type { SyncRequest } from '../../api/contract.ts';
import { syncSubmission } from '../../api/over-tasks/transfer-submissions.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { confirmDeletions } from '../confirm-deletions.ts';
import type { CliContext } from '../context.ts';
import { withEngine } from '../engine-session.ts';
import { namesOneHost } from '../exec-output.ts';
import { commonAliases, commonFlags, type CommonFlags, toggle } from '../flags.ts';
import { parsePlace } from '../host-path.ts';
import { typeOf } from '../local-source.ts';
import { withoutSlash } from '../placement.ts';
import { detachAll, showTransfers, withHints } from '../run-transfers.ts';
import { submissionExtras, submissionFlags, type SubmissionFlags } from '../submission-flags.ts';
import { transferDisplay } from '../transfer-display.ts';
import { checkTransferFlags, transferFlags, type TransferFlags, transferOptions } from '../transfer-flags.ts';

interface SyncFlags extends CommonFlags, SubmissionFlags, TransferFlags {
  readonly both: boolean;
  readonly delete: boolean;
  readonly yes: boolean;
  readonly allowEmptySource: boolean;
}

const NEEDS_FLAG = 'Check the source; if everything is really meant to go, pass --allow-empty-source.';

/** `deckhand sync LOCAL HOSTS:PATH`, `deckhand sync HOST:PATH LOCAL`, `deckhand sync --both LOCAL HOST:PATH`. */
export const syncCommand = buildCommand<SyncFlags, [string, string], CliContext>({
  docs: {
    brief: 'Make a folder here and one on hosts equal',
    fullDescription: `The second argument becomes what the first one is; with --both each side gets what is new on the other, and what changed on both is a conflict: left as it is, named, exit code 1. Both are the folders themselves, with or without a slash at the end:

  sync site web-1:/srv/site           push: /srv/site gets what is in site
  sync web-1:/srv/site site           pull: site gets what is in /srv/site
  sync --both notes web-1:notes       both ways

Only what differs travels. Nothing is deleted without --delete; with it, what would go is shown first and asked about (--yes does not ask; without a terminal the exit code is 7). An empty or missing source deletes nothing and fails, unless --allow-empty-source. --dry-run shows + new, ~ changed, - removed, ! left alone; --diff also what would change in each file.

Example:
  deckhand sync --dry-run --delete site web-1:/srv/site
  deckhand sync --delete --exclude .git site @web:/srv/site
  deckhand sync --both notes web-1:notes`,
  },
  parameters: {
    flags: {
      ...commonFlags,
      ...submissionFlags,
      ...transferFlags,
      both: toggle('Changes of either side go to the other'),
      delete: toggle('Remove what the source does not have'),
      yes: toggle('Do not ask before removing'),
      allowEmptySource: toggle('Let an empty or missing source remove everything'),
    },
    aliases: { ...commonAliases, y: 'yes' },
    positional: {
      kind: 'tuple',
      parameters: [
        { parse: String, brief: 'The folder to go by', placeholder: 'FROM' },
        { parse: String, brief: 'The folder that is made equal', placeholder: 'TO' },
      ],
    },
  },
  async func(flags, from, to) {
    const { folder } = this.surroundings.terminal;
    let request: SyncRequest | undefined;
    await withEngine(
      this,
      flags,
      async session => {
        if (!request) throw new DeckhandError('internal.defect', 'A sync began unchecked.');
        if (flags.detach) return await detachAll(session, [syncSubmission(request, session.base)]);
        if (flags.delete && !flags.yes && !flags.dryRun && !flags.diff) {
          const exit = await confirmDeletions(session, request);
          if (exit !== null) return exit;
        }
        const { results } = await session.api.sync(request, session.call);
        return showTransfers(session, withHints(results, { 'transfer.empty-source': NEEDS_FLAG }));
      },
      {
        display: transferDisplay,
        extras: () => submissionExtras(flags, Date.now()),
        check: async () => {
          checkTransferFlags(flags, 1);
          checkLater(flags);
          request = await syncOf(flags, from, to, folder);
        },
      },
    );
  },
});

/** What would be removed later cannot be shown now. */
function checkLater(flags: SyncFlags): void {
  const later = flags.detach || flags.at !== undefined || flags.in !== undefined || flags.after.length > 0;
  if (flags.delete && later && !flags.yes && !flags.dryRun && !flags.diff)
    throw new DeckhandError('approval.needed', 'What --delete would remove later cannot be shown now.', {
      hint: 'Look with --dry-run, then pass --yes.',
    });
}

async function syncOf(flags: SyncFlags, from: string, to: string, folder: string): Promise<SyncRequest> {
  const ends = endsOf(flags, from, to);
  const found = await typeOf(folder, ends.local);
  if (found === 'missing' && ends.direction === 'push')
    throw new DeckhandError('local.file-missing', `There is no '${ends.local}' on this machine.`);
  if (found === 'file' || found === 'other')
    throw new DeckhandError('input.invalid', `'${ends.local}' is no folder; sync works on folders.`, {
      hint: 'For one file: deckhand put, deckhand get.',
    });
  return {
    ...ends,
    ...(await transferOptions(flags, folder)),
    deleteExtra: flags.delete,
    allowEmptySource: flags.allowEmptySource,
  };
}

/** The order of the arguments is the direction. */
function endsOf(
  { both }: SyncFlags,
  first: string,
  second: string,
): Pick<SyncRequest, 'hosts' | 'local' | 'remote' | 'direction'> {
  const [from, to] = [parsePlace(first), parsePlace(second)];
  if (from.at === to.at)
    throw new DeckhandError(
      'input.invalid',
      from.at === 'local'
        ? 'Both folders are of this machine; one must be HOST:PATH.'
        : 'Both folders are on hosts; one must be of this machine.',
    );
  const [local, remote] = from.at === 'local' ? [from, to] : [to, from];
  if (remote.at !== 'remote') throw new DeckhandError('internal.defect', 'A sync without a host.');
  if (both && from.at === 'remote')
    throw new DeckhandError('input.invalid', '--both takes the local folder first: LOCAL HOST:PATH.');
  const direction = both ? 'both' : from.at === 'local' ? 'push' : 'pull';
  if (direction !== 'push' && !namesOneHost(remote.hosts))
    throw new DeckhandError('input.invalid', `'${remote.hosts}' may name several hosts.`, {
      hint: 'Several hosts can only be pushed to; to fetch from several: deckhand get -r.',
    });
  return {
    hosts: remote.hosts,
    local: withoutSlash(local.path),
    remote: withoutSlash(remote.path),
    direction,
  };
}
