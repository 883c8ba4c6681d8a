import { buildCommand } from '@stricli/core';
import type { CopyRequest } from '../../api/contract.ts';
import { copySubmission } from '../../api/over-tasks/transfer-submissions.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { CliContext } from '../context.ts';
import { withEngine } from '../engine-session.ts';
import { namesOneHost } from '../exec-output.ts';
import { commonAliases, commonFlags, type CommonFlags, toggle } from '../flags.ts';
import { remotePlace } from '../host-path.ts';
import { placeCopy, withoutSlash } from '../placement.ts';
import { detachAll, showTransfers } from '../run-transfers.ts';
import { submissionExtras, submissionFlags, type SubmissionFlags } from '../submission-flags.ts';
import { transferDisplay } from '../transfer-display.ts';
import { checkTransferFlags } from '../transfer-flags.ts';

interface CpFlags extends CommonFlags, SubmissionFlags {
  readonly noPreserve: boolean;
}

/** `deckhand cp HOST:PATH HOST:PATH`. */
export const cpCommand = buildCommand<CpFlags, [string, string], CliContext>({
  docs: {
    brief: 'Copy a file or folder from one host to another',
    fullDescription: `The data goes through this machine; neither host learns how to reach the other, and nothing is kept here. The sums of both ends are compared. A folder needs a name that is free on the other host.

  cp web-1:/srv/db.dump web-2:/srv/        /srv/db.dump
  cp web-1:/srv/db.dump web-2:/srv/copy    /srv/copy, or /srv/copy/db.dump when that is a folder
  cp web-1:/srv/site web-2:/srv/           /srv/site/...
  cp web-1:/srv/site web-2:/srv/new        /srv/new/...

Example:
  deckhand cp web-1:/srv/db.dump web-2:/srv/db.dump`,
  },
  parameters: {
    flags: {
      ...commonFlags,
      ...submissionFlags,
      noPreserve: toggle('Do not keep mode, times and (as root) owner'),
    },
    aliases: commonAliases,
    positional: {
      kind: 'tuple',
      parameters: [
        { parse: String, brief: 'The file or folder', placeholder: 'HOST:PATH' },
        { parse: String, brief: 'Where it goes', placeholder: 'HOST:PATH' },
      ],
    },
  },
  async func(flags, from, to) {
    await withEngine(
      this,
      flags,
      async session => {
        const request = copyOf(flags, from, to);
        if (flags.detach) return await detachAll(session, [copySubmission(request, session.base)]);
        const { results } = await session.api.copy(request, session.call);
        return showTransfers(session, results);
      },
      {
        display: transferDisplay,
        extras: () => submissionExtras(flags, Date.now()),
        check: () => {
          checkTransferFlags(flags, 1);
          copyOf(flags, from, to);
        },
      },
    );
  },
});

function copyOf({ noPreserve }: CpFlags, from: string, to: string): CopyRequest {
  const source = remotePlace(from, 'What is copied');
  const target = remotePlace(to, 'Where it is copied to');
  for (const { hosts } of [source, target]) {
    if (!namesOneHost(hosts))
      throw new DeckhandError('input.invalid', `'${hosts}' may name several hosts; cp works between two.`);
  }
  return {
    fromHost: source.hosts,
    source: withoutSlash(source.path),
    toHost: target.hosts,
    target: placeCopy(source.path, target.path),
    ...(noPreserve ? { preserve: false } : {}),
  };
}
