import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { tasksOf } from '../find-tasks.ts';
import { idParameter, outputFlags, type OutputFlags } from '../flags.ts';
import { renderTask, renderTaskList } from '../render-tasks.ts';
import { withTasks } from '../task-session.ts';

/** Events that are shown. */
const EVENTS = 1000;

/** `deckhand task show ID`. */
export const taskShowCommand = buildCommand<OutputFlags, [string], CliContext>({
  docs: {
    brief: 'Show one task: state, rules, parameters, error, events',
    fullDescription: `Of a group its tasks are listed.

Example:
  deckhand task show task-01kf3m2x9q4v8w2t7n0`,
  },
  parameters: { flags: outputFlags, positional: idParameter('Task or group') },
  async func(flags, id) {
    await withTasks(this, flags, async ({ tasks, result, style }) => {
      const found = await tasksOf(tasks, id);
      const [task] = found;
      if (found.length !== 1 || !task) {
        result({ tasks: found }, () => renderTaskList(found, Date.now(), style));
        return 0;
      }
      const events = await tasks.events(task.id, Math.max(0, task.lastSeq - EVENTS), EVENTS);
      result({ task, events }, () => renderTask(task, events, Date.now(), style));
      return 0;
    });
  },
});
