import { taskControl } from '../task-control.ts';

/** `deckhand task resume ID`. */
export const taskResumeCommand = taskControl(
  {
    brief: 'Let a paused task go on',
    fullDescription: `Example:
  deckhand task resume task-01kf3m2x9q4v8w2t7n0`,
  },
  async (tasks, id) => await tasks.resume(id),
);
