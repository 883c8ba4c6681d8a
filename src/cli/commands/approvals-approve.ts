import { taskControl } from '../task-control.ts';

/** `deckhand approvals approve ID`. */
export const approvalsApproveCommand = taskControl(
  {
    brief: 'Let a plan that waits be carried out',
    fullDescription: `Example:
  deckhand approvals approve approval-01kf3m2x9q4v8w2t7n0`,
  },
  async (tasks, id) => [await tasks.decide(id, 'approved')],
  'Approval',
);
