import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { idParameter, outputFlags, type OutputFlags } from '../flags.ts';
import { withTasks } from '../task-session.ts';

/** `deckhand schedule remove ID`. */
export const scheduleRemoveCommand = buildCommand<OutputFlags, [string], CliContext>({
  docs: {
    brief: 'Remove a schedule; tasks it has made go on',
    fullDescription: `Example:
  deckhand schedule remove schedule-01kf3m2x9q4v8w2t7n0`,
  },
  parameters: { flags: outputFlags, positional: idParameter('Schedule') },
  async func(flags, id) {
    await withTasks(this, flags, async ({ tasks, result }) => {
      await tasks.removeSchedule(id);
      result({ removed: id }, () => `removed ${id}\n`);
      return 0;
    });
  },
});
