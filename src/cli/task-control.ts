import { buildCommand, type Command } from '@stricli/core';
import type { TaskApi, TaskView } from '../api/task-api.ts';
import type { CliContext } from './context.ts';
import { idParameter, outputFlags, type OutputFlags } from './flags.ts';
import { renderTaskList } from './render-tasks.ts';
import { withTasks } from './task-session.ts';

/** A command that does one thing to a task or a group and shows what became of it. */
export function taskControl(
  docs: { readonly brief: string; readonly fullDescription: string },
  act: (tasks: TaskApi, id: string, signal: AbortSignal) => Promise<readonly TaskView[]>,
  subject = 'Task or group',
): Command<CliContext> {
  return buildCommand<OutputFlags, [string], CliContext>({
    docs,
    parameters: { flags: outputFlags, positional: idParameter(subject) },
    async func(flags, id) {
      await withTasks(this, flags, async session => {
        const tasks = await act(session.tasks, id, session.signal);
        session.result({ tasks }, () => renderTaskList(tasks, Date.now(), session.style));
        return 0;
      });
    },
  });
}
