import { buildCommand } from '@stricli/core';
import { runRecordOf } from '../../api/over-tasks/run-record.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { EXIT } from '../../core/error-table.ts';
import type { CliContext } from '../context.ts';
import { idParameter, outputFlags, type OutputFlags } from '../flags.ts';
import { judgedCommands, renderApproval } from '../render-approval.ts';
import { withTasks } from '../task-session.ts';

/** `deckhand approvals show ID`. */
export const approvalsShowCommand = buildCommand<OutputFlags, [string], CliContext>({
  docs: {
    brief: 'Show exactly what an approval would let happen: hosts, steps, commands, risks, hash',
    fullDescription: `Each command is shown byte for byte, with its class, its risks and what the policy of the settings here makes of it.

Example:
  deckhand approvals show approval-01kf3m2x9q4v8w2t7n0`,
  },
  parameters: { flags: outputFlags, positional: idParameter('Approval') },
  async func(flags, id) {
    await withTasks(this, flags, async ({ tasks, terminal, result, style }) => {
      const approval = (await tasks.approvals(null)).find(one => one.id === id);
      if (!approval)
        throw new DeckhandError('input.invalid', `There is no approval '${id}'.`, {
          hint: 'List them with `deckhand approvals list --all`.',
        });
      const { events } = await runRecordOf(tasks, approval.task);
      const ready = events.findLast(
        event => event.kind === 'plan-ready' && event.preview.hash === approval.hash,
      );
      const preview = ready?.kind === 'plan-ready' ? ready.preview : null;
      const { policy } = this.surroundings;
      const commands = preview
        ? await judgedCommands(
            preview,
            async (command, host) => await policy.explain(command, host, terminal.folder),
          )
        : [];
      result({ approval, preview, commands }, () =>
        renderApproval(approval, preview, commands, Date.now(), style),
      );
      return EXIT.ok;
    });
  },
});
