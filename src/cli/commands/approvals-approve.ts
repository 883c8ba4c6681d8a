import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { idParameter, outputFlags, type OutputFlags, toggle, value } from '../flags.ts';
import { renderTaskList } from '../render-tasks.ts';
import { withTasks } from '../task-session.ts';

interface ApproveFlags extends OutputFlags {
  readonly note: string | undefined;
  readonly skip: boolean;
}

/** `deckhand approvals approve ID [--note TEXT] [--skip]`. */
export const approvalsApproveCommand = buildCommand<ApproveFlags, [string], CliContext>({
  docs: {
    brief: 'Let a plan that waits be carried out',
    fullDescription: `Example:
  deckhand approvals approve approval-01kf3m2x9q4v8w2t7n0
  deckhand approvals approve approval-01kf3m2x9q4v8w2t7n0 --note "the port is 8081 there"`,
  },
  parameters: {
    flags: {
      ...outputFlags,
      note: value('What the run is to know when it goes on', 'TEXT'),
      skip: toggle('Go on without the step that failed'),
    },
    positional: idParameter('Approval'),
  },
  async func(flags, id) {
    await withTasks(this, flags, async ({ tasks, result, style }) => {
      const { note, skip } = flags;
      const word = {
        ...(note === undefined ? {} : { note }),
        ...(skip ? { choice: 'skip' as const } : note === undefined ? {} : { choice: 'continue' as const }),
      };
      const task = await tasks.decide(id, 'approved', word);
      result({ tasks: [task] }, () => renderTaskList([task], Date.now(), style));
      return 0;
    });
  },
});
