import { buildCommand } from '@stricli/core';
import { runRecordOf } from '../../api/over-tasks/run-record.ts';
import type { TaskApi } from '../../api/task-api.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { EXIT } from '../../core/error-table.ts';
import type { PlanPreview } from '../../core/run-report.ts';
import type { Approval } from '../../core/task.ts';
import type { CliContext } from '../context.ts';
import { idParameter, outputFlags, type OutputFlags } from '../flags.ts';
import { renderApproval } from '../render-approval.ts';
import { withTasks } from '../task-session.ts';

/** `deckhand approvals show ID`. */
export const approvalsShowCommand = buildCommand<OutputFlags, [string], CliContext>({
  docs: {
    brief: 'Show exactly what an approval would let happen: hosts, steps, commands, risks, hash',
    fullDescription: `Each command is shown with its class, its risks, and what the policy makes of it by which rule. Of a run that does not know further,
the evidence is shown.

Example:
  deckhand approvals show approval-01kf3m2x9q4v8w2t7n0`,
  },
  parameters: { flags: outputFlags, positional: idParameter('Approval') },
  async func(flags, id) {
    await withTasks(this, flags, async ({ tasks, result, style }) => {
      const approval = (await tasks.approvals(null)).find(one => one.id === id);
      if (!approval)
        throw new DeckhandError('input.invalid', `There is no approval '${id}'.`, {
          hint: 'List them with `deckhand approvals list --all`.',
        });
      const preview = await previewOf(tasks, approval);
      result({ approval, preview }, () => renderApproval(approval, preview, Date.now(), style));
      return EXIT.ok;
    });
  },
});

/** The plan that is asked about; null: it is not kept, or the task is none that plans. */
async function previewOf(tasks: TaskApi, approval: Approval): Promise<PlanPreview | null> {
  const { kind } = await tasks.task(approval.task);
  if (kind !== 'agent.run') return null;
  const { events } = await runRecordOf(tasks, approval.task);
  const ready = events.findLast(event => event.kind === 'plan-ready' && event.preview.hash === approval.hash);
  return ready?.kind === 'plan-ready' ? ready.preview : null;
}
