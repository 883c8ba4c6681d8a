import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { withEngine } from '../engine-session.ts';
import { commonAliases, commonFlags, type CommonFlags } from '../flags.ts';
import { renderRunbookList } from '../render-runbooks.ts';

/** `deckhand runbook list`. */
export const runbookListCommand = buildCommand<CommonFlags, [], CliContext>({
  docs: {
    brief: 'List the runbooks',
    fullDescription: `Example:
  deckhand runbook list`,
  },
  parameters: { flags: commonFlags, aliases: commonAliases },
  async func(flags) {
    await withEngine(this, flags, async session => {
      const runbooks = await session.api.listRunbooks();
      session.result({ runbooks }, () => renderRunbookList(runbooks, session.style));
      return 0;
    });
  },
});
