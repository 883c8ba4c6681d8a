import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { outputFlags, type OutputFlags } from '../flags.ts';
import { withTasks } from '../task-session.ts';

/** `deckhand queue resume`. */
export const queueResumeCommand = buildCommand<OutputFlags, [], CliContext>({
  docs: {
    brief: 'Begin tasks again',
    fullDescription: `Example:
  deckhand queue resume`,
  },
  parameters: { flags: outputFlags },
  async func(flags) {
    await withTasks(this, flags, async ({ tasks, result }) => {
      await tasks.resumeQueue();
      result({ paused: false }, () => 'resumed\n');
      return 0;
    });
  },
});
