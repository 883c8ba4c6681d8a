import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import {
  approvalAliases,
  approvalFlags,
  type ApprovalFlags,
  commonAliases,
  commonFlags,
  type CommonFlags,
  intentFlags,
} from '../flags.ts';
import { readPlanFile } from '../plan-file.ts';
import { parseParameters, selectorOf } from '../plan-request.ts';
import { runPlan } from '../run-plan.ts';
import { type DryRunFlags, dryRunFlags, showPlan } from '../show-plan.ts';
import { submissionFlags, type SubmissionFlags } from '../submission-flags.ts';

interface ApplyFlags extends CommonFlags, ApprovalFlags, SubmissionFlags, DryRunFlags {
  readonly host: readonly string[];
  readonly set: readonly string[];
}

/** `deckhand apply FILE --host SELECTOR`: carries out a plan file or a runbook with parameters from a file. */
export const applyCommand = buildCommand<ApplyFlags, [string], CliContext>({
  docs: {
    brief: 'Carry out a plan file, or a runbook with parameters from a file',
    fullDescription: `FILE is YAML or JSON: a plan (goal, steps, postconditions), or \`runbook: NAME\` with \`parameters:\`.

Example:
  deckhand apply site.yaml --host @web --yes`,
  },
  parameters: {
    flags: {
      ...commonFlags,
      ...approvalFlags,
      ...submissionFlags,
      ...dryRunFlags,
      host: intentFlags.host,
      set: intentFlags.set,
    },
    aliases: { ...commonAliases, ...approvalAliases },
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, brief: 'Plan or parameters file', placeholder: 'FILE' }],
    },
  },
  async func(flags, file) {
    await (flags.dryRun ? showPlan : runPlan)(this, flags, async () => {
      const read = await readPlanFile(file);
      return {
        ...read,
        hosts: selectorOf(flags.host),
        parameters: { ...read.parameters, ...parseParameters(flags.set) },
      };
    });
  },
});
