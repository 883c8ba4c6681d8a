import type { TaskApi, TaskView } from '../../api/task-api.ts';
import { tasksOf } from '../find-tasks.ts';
import { taskControl } from '../task-control.ts';

/** `deckhand task pause ID`. */
export const taskPauseCommand = taskControl(
  {
    brief: 'Pause a task: a waiting one is not begun, a running command is stopped',
    fullDescription: `A running command is stopped where it stands (SIGSTOP) and goes on with \`task resume\`. Ends when that was seen.

Example:
  deckhand task pause task-01kf3m2x9q4v8w2t7n0`,
  },
  async (tasks, id, signal) => {
    const asked = await tasks.pause(id);
    if (asked.every(task => task.state !== 'running')) return asked;
    await untilNoneRuns(tasks, id, asked, signal);
    return await tasksOf(tasks, id);
  },
);

/** A pause is proved by the executor: each running task says so, or ends. */
async function untilNoneRuns(
  tasks: TaskApi,
  id: string,
  asked: readonly TaskView[],
  signal: AbortSignal,
): Promise<void> {
  const running = new Map(
    asked.filter(task => task.state === 'running').map(task => [task.id, task.lastSeq]),
  );
  for await (const item of tasks.follow(id, { signal })) {
    if (item.item === 'ended') running.delete(item.task.id);
    else if (item.item === 'event' && item.event.kind === 'task-state') {
      const since = running.get(item.event.task);
      if (since !== undefined && item.event.seq > since) running.delete(item.event.task);
    }
    if (running.size === 0) return;
  }
  signal.throwIfAborted();
}
