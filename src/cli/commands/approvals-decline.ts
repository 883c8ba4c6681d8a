import { taskControl } from '../task-control.ts';

/** `deckhand approvals refuse ID`. */
export const approvalsRefuseCommand = refusal('Refuse a plan that waits; nothing is changed', 'refuse');

/** `deckhand approvals decline ID`: the older word. */
export const approvalsDeclineCommand = refusal('The same as refuse', 'decline');

function refusal(brief: string, word: string): ReturnType<typeof taskControl> {
  return taskControl(
    {
      brief,
      fullDescription: `Example:
  deckhand approvals ${word} approval-01kf3m2x9q4v8w2t7n0`,
    },
    async (tasks, id) => [await tasks.decide(id, 'declined')],
    'Approval',
  );
}
