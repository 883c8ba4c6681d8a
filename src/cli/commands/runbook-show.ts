import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { withEngine } from '../engine-session.ts';
import { commonAliases, commonFlags, type CommonFlags } from '../flags.ts';
import { renderRunbook } from '../render-runbooks.ts';

/** `deckhand runbook show NAME`. */
export const runbookShowCommand = buildCommand<CommonFlags, [string], CliContext>({
  docs: {
    brief: 'Show one runbook: parameters, examples, source',
    fullDescription: `Example:
  deckhand runbook show serve-page`,
  },
  parameters: {
    flags: commonFlags,
    aliases: commonAliases,
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, brief: 'Name of the runbook', placeholder: 'NAME' }],
    },
  },
  async func(flags, name) {
    await withEngine(this, flags, async session => {
      const { summary, source } = await session.api.showRunbook(name);
      session.result({ summary, source }, () => renderRunbook(summary, source, session.style));
      return 0;
    });
  },
});
