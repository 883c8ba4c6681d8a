import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { outputFlags, type OutputFlags } from '../flags.ts';
import { renderStatistics } from '../render-queue.ts';
import { withTasks } from '../task-session.ts';

/** `deckhand task stats`. */
export const taskStatsCommand = buildCommand<OutputFlags, [], CliContext>({
  docs: {
    brief: 'Count tasks: by state, success, duration, errors',
    fullDescription: `Example:
  deckhand task stats --json`,
  },
  parameters: { flags: outputFlags },
  async func(flags) {
    await withTasks(this, flags, async ({ tasks, result, style }) => {
      const statistics = await tasks.statistics();
      result(statistics, () => renderStatistics(statistics, style));
      return 0;
    });
  },
});
