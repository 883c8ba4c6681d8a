import { buildCommand } from '@stricli/core';
import type { TaskView } from '../../api/task-api.ts';
import { EXIT } from '../../core/error-table.ts';
import { isFinal } from '../../core/task-state.ts';
import type { CliContext } from '../context.ts';
import { idParameter, outputFlags, type OutputFlags, toggle } from '../flags.ts';
import { renderTaskList } from '../render-tasks.ts';
import { type TaskSession, withTasks } from '../task-session.ts';

interface CancelFlags extends OutputFlags {
  readonly force: boolean;
  readonly detach: boolean;
}

/** `deckhand task cancel ID [--force]`. */
export const taskCancelCommand = buildCommand<CancelFlags, [string], CliContext>({
  docs: {
    brief: 'Cancel a task or a group, and wait until nothing of it runs',
    fullDescription: `A waiting task is cancelled at once. Of a running one the command on the host gets TERM and later KILL, and the cancel is done when its processes were seen to be gone. Exit code 1 when that could not be proved, or something ended by itself meanwhile.

Example:
  deckhand task cancel task-01kf3m2x9q4v8w2t7n0`,
  },
  parameters: {
    flags: {
      ...outputFlags,
      force: toggle('KILL at once, and do not wait for a host that cannot be reached'),
      detach: toggle('Only ask for it; do not wait until it is proved'),
    },
    positional: idParameter('Task or group'),
  },
  async func(flags, id) {
    await withTasks(this, flags, async session => {
      const asked = await session.tasks.cancel(id, flags.force);
      const open = asked.filter(task => !isFinal(task.state));
      const tasks = open.length === 0 || flags.detach ? asked : await untilEnded(session, id, asked);
      session.result({ tasks }, () => renderTaskList(tasks, Date.now(), session.style));
      const undone = tasks.filter(task => task.state !== 'cancelled');
      return undone.length === 0 || flags.detach ? EXIT.ok : EXIT.failed;
    });
  },
});

async function untilEnded(
  { tasks, signal }: TaskSession,
  id: string,
  asked: readonly TaskView[],
): Promise<readonly TaskView[]> {
  const last = new Map(asked.map(task => [task.id, task]));
  // what came before the cancel is of no interest, but only the whole stream surely has the end
  for await (const item of tasks.follow(id, { signal })) {
    if (item.item === 'ended') last.set(item.task.id, item.task);
  }
  signal.throwIfAborted();
  return [...last.values()];
}
