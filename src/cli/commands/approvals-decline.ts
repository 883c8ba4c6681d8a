import { taskControl } from '../task-control.ts';

/** `deckhand approvals decline ID`. */
export const approvalsDeclineCommand = taskControl(
  {
    brief: 'Refuse a plan that waits; nothing is changed',
    fullDescription: `Example:
  deckhand approvals decline approval-01kf3m2x9q4v8w2t7n0`,
  },
  async (tasks, id) => [await tasks.decide(id, 'declined')],
  'Approval',
);
