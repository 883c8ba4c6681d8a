import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { withEngine } from '../engine-session.ts';
import { commonAliases, commonFlags, type CommonFlags } from '../flags.ts';
import { deploymentPlace, deploymentWord, showModels } from '../model-flags.ts';

/** `deckhand model disconnect HOST/NAME`. */
export const modelDisconnectCommand = buildCommand<CommonFlags, [string], CliContext>({
  docs: {
    brief: 'Forget a model server that was connected; it goes on by itself',
    fullDescription: `A key that was typed for it is removed. Its host need not be reached.

Example:
  deckhand model disconnect gpu-1/ollama`,
  },
  parameters: {
    flags: commonFlags,
    aliases: commonAliases,
    positional: deploymentWord,
  },
  async func(flags, word) {
    await withEngine(this, flags, async session => {
      const results = await session.api.disconnectModel(deploymentPlace(word), session.call);
      const lines = results.flatMap(({ result }) =>
        result ? [`${result.host}/${result.name} is disconnected\n`] : [],
      );
      return showModels(session, results, () => lines.join(''));
    });
  },
});
