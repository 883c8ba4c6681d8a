import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { withEngine } from '../engine-session.ts';
import { commonAliases, commonFlags, type CommonFlags } from '../flags.ts';
import { deploymentPlace, deploymentWord, showModels } from '../model-flags.ts';
import { renderDeploys } from '../render-models.ts';

/** `deckhand model rollback HOST/NAME`. */
export const modelRollbackCommand = buildCommand<CommonFlags, [string], CliContext>({
  docs: {
    brief: 'Let the release before the present one serve again',
    fullDescription: `Example:
  deckhand model rollback web-1/tiny`,
  },
  parameters: {
    flags: commonFlags,
    aliases: commonAliases,
    positional: deploymentWord,
  },
  async func(flags, word) {
    await withEngine(this, flags, async session => {
      const results = await session.api.rollbackModel(deploymentPlace(word), session.call);
      return showModels(session, results, () => renderDeploys(results, session.style));
    });
  },
});
