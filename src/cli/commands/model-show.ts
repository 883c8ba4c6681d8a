import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { withEngine } from '../engine-session.ts';
import { commonAliases, commonFlags, type CommonFlags } from '../flags.ts';
import { deploymentPlace, deploymentWord, showModels } from '../model-flags.ts';
import { renderStatuses } from '../render-models.ts';

/** `deckhand model show HOST/NAME`. */
export const modelShowCommand = buildCommand<CommonFlags, [string], CliContext>({
  docs: {
    brief: 'Ask a model server how it is: service, process, endpoints, abilities',
    fullDescription: `Example:
  deckhand model show web-1/tiny`,
  },
  parameters: {
    flags: commonFlags,
    aliases: commonAliases,
    positional: deploymentWord,
  },
  async func(flags, word) {
    await withEngine(this, flags, async session => {
      const results = await session.api.modelStatus(deploymentPlace(word), session.call);
      return showModels(session, results, () => renderStatuses(results, session.style));
    });
  },
});
