import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import {
  approvalAliases,
  approvalFlags,
  type ApprovalFlags,
  commonAliases,
  type IntentFlags,
  intentFlags,
} from '../flags.ts';
import { planRequestOf } from '../plan-request.ts';
import { runPlan } from '../run-plan.ts';
import { type DryRunFlags, dryRunFlags, showPlan } from '../show-plan.ts';
import { submissionFlags, type SubmissionFlags } from '../submission-flags.ts';

type AskFlags = IntentFlags & ApprovalFlags & SubmissionFlags & DryRunFlags;

/** `deckhand ask INTENT… --host SELECTOR`: plan, approve, carry out, prove, report. */
export const askCommand = buildCommand<AskFlags, string[], CliContext>({
  docs: {
    brief: 'Make an intent true on hosts: plan, approve, carry out, prove',
    fullDescription: `Finds the runbook that fits the intent, or lets a model plan, shows what would change on each host, asks, carries it out and proves the result by asking the hosts. Without an intent, on a terminal: one request after the other, each knowing what came of those before.

Example:
  deckhand ask "serve hello on port 8080" --host web-1
  deckhand ask "serve hello on port 8080" --host web-1 --dry-run
  deckhand ask --runbook serve-page --set port=8080 --host @web --yes --report run.md
  deckhand ask "why does the site answer 502? mend it" --host web-1 --model gpu-1/qwen --budget tokens=100000`,
  },
  parameters: {
    flags: { ...intentFlags, ...approvalFlags, ...submissionFlags, ...dryRunFlags },
    aliases: { ...commonAliases, ...approvalAliases },
    positional: {
      kind: 'array',
      parameter: { parse: String, brief: 'What should be true, in plain words', placeholder: 'INTENT' },
    },
  },
  async func(flags, ...words) {
    if (flags.dryRun) {
      await showPlan(this, flags, async () => planRequestOf(flags, words));
      return;
    }
    const { asker } = this.surroundings;
    const talks = words.length === 0 && flags.runbook === undefined && asker !== null;
    if (talks && !flags.json && !flags.jsonl && !flags.detach) {
      const { talk } = await import('../ask-talk.ts');
      await talk(this, flags);
      return;
    }
    await runPlan(this, flags, async () => planRequestOf(flags, words));
  },
});
