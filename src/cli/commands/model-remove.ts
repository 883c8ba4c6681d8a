import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { withEngine } from '../engine-session.ts';
import { commonAliases, commonFlags, type CommonFlags, toggle } from '../flags.ts';
import { deploymentPlace, deploymentWord, showModels } from '../model-flags.ts';
import { renderRemovals } from '../render-models.ts';

interface RemoveFlags extends CommonFlags {
  readonly keepFiles: boolean;
}

/** `deckhand model remove HOST/NAME`. */
export const modelRemoveCommand = buildCommand<RemoveFlags, [string], CliContext>({
  docs: {
    brief: 'Stop a model server and remove all that was brought to its host',
    fullDescription: `Engine and model files that another model server on the host uses stay.

Example:
  deckhand model remove web-1/tiny
  deckhand model remove web-1/tiny --keep-files`,
  },
  parameters: {
    flags: {
      ...commonFlags,
      keepFiles: toggle('Leave engine and model files there for the next deployment'),
    },
    aliases: commonAliases,
    positional: deploymentWord,
  },
  async func(flags, word) {
    await withEngine(this, flags, async session => {
      const request = { ...deploymentPlace(word), keepFiles: flags.keepFiles };
      const results = await session.api.removeModel(request, session.call);
      return showModels(session, results, () => renderRemovals(results));
    });
  },
});
