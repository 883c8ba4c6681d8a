import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { outputFlags, type OutputFlags } from '../flags.ts';
import { withTasks } from '../task-session.ts';

/** `deckhand queue pause`. */
export const queuePauseCommand = buildCommand<OutputFlags, [], CliContext>({
  docs: {
    brief: 'Begin no further task; what runs goes on',
    fullDescription: `Example:
  deckhand queue pause`,
  },
  parameters: { flags: outputFlags },
  async func(flags) {
    await withTasks(this, flags, async ({ tasks, result }) => {
      await tasks.pauseQueue();
      result({ paused: true }, () => 'paused: nothing new is begun\n');
      return 0;
    });
  },
});
