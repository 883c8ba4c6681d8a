import { buildCommand } from '@stricli/core';
import { reportOf, runRecordOf } from '../../api/over-tasks/run-record.ts';
import type { CliContext } from '../context.ts';
import {
  approvalAliases,
  approvalFlags,
  type ApprovalFlags,
  commonAliases,
  type CommonFlags,
  commonFlags,
  idParameter,
  list,
  toggle,
} from '../flags.ts';
import { runPlanFrom } from '../run-plan.ts';
import { submissionFlags, type SubmissionFlags } from '../submission-flags.ts';

interface UndoFlags extends CommonFlags, ApprovalFlags, SubmissionFlags {
  readonly step: readonly string[];
  readonly evenIfChanged: boolean;
}

/** `deckhand undo RUN [--step STEP]`: what a run changed, as it was before. */
export const undoCommand = buildCommand<UndoFlags, [string], CliContext>({
  docs: {
    brief: 'Take back what a run changed, from what was kept on its hosts',
    fullDescription: `Shows how the run is taken back as a plan, asks as for any plan, carries it out, and sees by hash that all of it is as it
was. What cannot be taken back is named. What somebody else has changed since stays as it is.

Example:
  deckhand undo task-01kf3m2x9q4v8w2t7n0
  deckhand undo task-01kf3m2x9q4v8w2t7n0 --step 2`,
  },
  parameters: {
    flags: {
      ...commonFlags,
      ...approvalFlags,
      ...submissionFlags,
      step: list('Only this step, by its id or its number in the report; repeatable', 'STEP'),
      evenIfChanged: toggle('Also what somebody else has changed since the run'),
    },
    aliases: { ...commonAliases, ...approvalAliases },
    positional: idParameter('Run'),
  },
  async func(flags, id) {
    await runPlanFrom(this, flags, async session => {
      const report = reportOf(await runRecordOf(session.tasks, id));
      const { plan, hosts } = await this.surroundings.runs.undo(report, {
        ...(flags.step.length === 0 ? {} : { steps: flags.step }),
        anyway: flags.evenIfChanged,
      });
      return { plan, hosts: hosts.join(',') };
    });
  },
});
