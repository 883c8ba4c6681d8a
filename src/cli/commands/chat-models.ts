import { buildCommand } from '@stricli/core';
import { reachFlags, type ReachFlags, reachOf } from '../chat-flags.ts';
import type { CliContext } from '../context.ts';
import { commonAliases } from '../flags.ts';
import { renderServedModels } from '../render-chats.ts';
import { withTasks } from '../task-session.ts';

/** `deckhand chat models`. */
export const chatModelsCommand = buildCommand<ReachFlags, [], CliContext>({
  docs: {
    brief: 'List the models that the servers really serve',
    fullDescription: `Asks every server that is known: those deployed from here, those under \`modelServers\` in deckhand.yaml, and tunnels with --health.

Example:
  deckhand chat models`,
  },
  parameters: { flags: reachFlags, aliases: commonAliases },
  async func(flags) {
    await withTasks(this, flags, async ({ tasks, result, style, terminal }) => {
      const models = await tasks.servedModels(reachOf(flags, terminal));
      result({ models }, () => renderServedModels(models, style));
      return 0;
    });
  },
});
