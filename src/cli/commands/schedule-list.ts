import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { outputFlags, type OutputFlags } from '../flags.ts';
import { renderSchedules } from '../render-queue.ts';
import { withTasks } from '../task-session.ts';

/** `deckhand schedule list`. */
export const scheduleListCommand = buildCommand<OutputFlags, [], CliContext>({
  docs: {
    brief: 'List the schedules',
    fullDescription: `Example:
  deckhand schedule list`,
  },
  parameters: { flags: outputFlags },
  async func(flags) {
    await withTasks(this, flags, async ({ tasks, result, style }) => {
      const schedules = await tasks.schedules();
      result({ schedules }, () => renderSchedules(schedules, style));
      return 0;
    });
  },
});
