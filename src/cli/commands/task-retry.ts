import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { detached } from '../detach.ts';
import { idParameter, outputFlags, type OutputFlags } from '../flags.ts';
import { withTasks } from '../task-session.ts';

/** `deckhand task retry ID`. */
export const taskRetryCommand = buildCommand<OutputFlags, [string], CliContext>({
  docs: {
    brief: 'Begin anew what did not succeed, as new tasks',
    fullDescription: `Of a group only the tasks that did not succeed are repeated. The new ids are printed, one a line.

Example:
  deckhand task retry task-01kf3m2x9q4v8w2t7n0`,
  },
  parameters: { flags: outputFlags, positional: idParameter('Task or group that has ended') },
  async func(flags, id) {
    await withTasks(this, flags, async session => detached(session, await session.tasks.retry(id)));
  },
});
