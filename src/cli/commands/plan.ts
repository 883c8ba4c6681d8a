import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { commonAliases, type IntentFlags, intentFlags } from '../flags.ts';
import { planRequestOf } from '../plan-request.ts';
import { showPlan } from '../show-plan.ts';

/** `deckhand plan INTENT… --host SELECTOR`: what `ask` would do; changes nothing. */
export const planCommand = buildCommand<IntentFlags, string[], CliContext>({
  docs: {
    brief: 'Show what `ask` would change, without changing anything',
    fullDescription: `Reads the hosts and shows the plan with every pending difference. Exit code 10 when something would change, 0 when not.

Example:
  deckhand plan "serve hello on port 8080" --host web-1`,
  },
  parameters: {
    flags: intentFlags,
    aliases: commonAliases,
    positional: {
      kind: 'array',
      parameter: { parse: String, brief: 'What should be true, in plain words', placeholder: 'INTENT' },
    },
  },
  async func(flags, ...words) {
    await showPlan(this, flags, async () => planRequestOf(flags, words));
  },
});
