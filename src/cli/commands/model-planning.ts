import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { withEngine } from '../engine-session.ts';
import { exitCodeOfError } from '../exit-code.ts';
import { commonAliases, commonFlags, type CommonFlags, toggle, value } from '../flags.ts';
import { renderPlanning } from '../render-planning.ts';

interface PlanningFlags extends CommonFlags {
  readonly probe: boolean;
  readonly model: string | undefined;
}

/** `deckhand model planning`. */
export const modelPlanningCommand = buildCommand<PlanningFlags, [], CliContext>({
  docs: {
    brief: 'Say which model plans, and ask whether it does',
    fullDescription: `Which model plans each role of a run, after the settings agent.model and agent.models. With --probe each is asked for one tiny answer, the same way as a run asks it. Nothing stands in for a model that does not answer.

Example:
  deckhand model planning --probe
  deckhand model planning --probe --model gpu-1/qwen`,
  },
  parameters: {
    flags: {
      ...commonFlags,
      probe: toggle('Ask each model for one tiny answer of a given shape'),
      model: value('This model instead of those of the settings', 'NAME'),
    },
    aliases: commonAliases,
  },
  async func({ probe, model, ...flags }) {
    await withEngine(this, flags, async session => {
      const request = { probe, ...(model === undefined ? {} : { model }) };
      const check = await session.api.planningModels(request, session.call);
      session.result(check, () => renderPlanning(check, session.style));
      const failed = check.models.find(each => each.error !== null);
      return failed?.error ? exitCodeOfError(failed.error) : 0;
    });
  },
});
