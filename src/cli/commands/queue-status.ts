import { buildCommand } from '@stricli/core';
import { EXIT } from '../../core/error-table.ts';
import type { CliContext } from '../context.ts';
import { outputFlags, type OutputFlags } from '../flags.ts';
import { renderHealth } from '../render-queue.ts';
import { withTasks } from '../task-session.ts';

/** `deckhand queue status`. */
export const queueStatusCommand = buildCommand<OutputFlags, [], CliContext>({
  docs: {
    brief: 'Show how the queue is: executors, limits, problems',
    fullDescription: `Exit code 1 when something is wrong with it; a paused queue is not.

Example:
  deckhand queue status`,
  },
  parameters: { flags: outputFlags },
  async func(flags) {
    await withTasks(this, flags, async ({ tasks, result, style }) => {
      const health = await tasks.health();
      result(health, () => renderHealth(health, style));
      return health.status === 'degraded' ? EXIT.failed : EXIT.ok;
    });
  },
});
