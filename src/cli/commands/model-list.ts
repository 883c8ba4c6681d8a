import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { outputFlags, type OutputFlags } from '../flags.ts';
import { renderDeployments } from '../render-models.ts';
import { withTasks } from '../task-session.ts';

/** `deckhand model list`. */
export const modelListCommand = buildCommand<OutputFlags, [], CliContext>({
  docs: {
    brief: 'List the model servers that were deployed from here',
    fullDescription: `Example:
  deckhand model list`,
  },
  parameters: { flags: outputFlags },
  async func(flags) {
    await withTasks(this, flags, async ({ tasks, result, style }) => {
      const deployments = await tasks.deployments();
      result({ deployments }, () => renderDeployments(deployments, style));
      return 0;
    });
  },
});
