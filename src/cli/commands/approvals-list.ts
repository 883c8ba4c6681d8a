import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { outputFlags, type OutputFlags, toggle } from '../flags.ts';
import { renderApprovals } from '../render-queue.ts';
import { withTasks } from '../task-session.ts';

interface ListFlags extends OutputFlags {
  readonly all: boolean;
}

/** `deckhand approvals list`. */
export const approvalsListCommand = buildCommand<ListFlags, [], CliContext>({
  docs: {
    brief: 'List the plans that wait for a yes or no',
    fullDescription: `What a plan changes is shown by \`deckhand task show\` of its task.

Example:
  deckhand approvals list`,
  },
  parameters: { flags: { ...outputFlags, all: toggle('Also those that were answered or expired') } },
  async func(flags) {
    await withTasks(this, flags, async ({ tasks, result, style }) => {
      const approvals = await tasks.approvals(flags.all ? null : 'open');
      result({ approvals }, () => renderApprovals(approvals, Date.now(), style));
      return 0;
    });
  },
});
