import { taskControl } from '../task-control.ts';

/** `deckhand task pause ID`. */
export const taskPauseCommand = taskControl(
  {
    brief: 'Pause a task: a waiting one is not begun, a running command is stopped',
    fullDescription: `A running command is stopped where it stands (SIGSTOP) and goes on with \`task resume\`.

Example:
  deckhand task pause task-01kf3m2x9q4v8w2t7n0`,
  },
  async (tasks, id) => await tasks.pause(id),
);
