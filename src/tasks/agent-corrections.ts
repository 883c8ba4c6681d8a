import { ALL_OFF, requireKnown } from '../agent/corrections/choose.ts';
import type { PlanPolicy } from '../agent/judge-plan.ts';
import type { AgentRunParams } from '../core/task-params.ts';
import type { CorrectionPort } from './correct-step.ts';
import type { TaskWork } from './task-kind.ts';

/**
 * Corrections as settings and submitter want them: a yes is asked of whoever follows the run, when somebody is asked
 * at all. Throws `settings.invalid` for a name that is none: a typing error must not leave a correction on.
 */
export function correctionsOf(
  { hosts, params, ask, audit }: Pick<TaskWork<AgentRunParams>, 'hosts' | 'params' | 'ask' | 'audit'>,
  { book }: PlanPolicy,
): CorrectionPort {
  const { 'corrections.off': off, 'policy.mode': set } = hosts.settings;
  requireKnown(off);
  return {
    // the approved plan does not cover them: without a wish, what only changes something runs, the rest asks
    rules: {
      mode: params.policy ?? set,
      book,
      off: new Set(params.corrections === 'off' ? [ALL_OFF] : off),
    },
    ask: async ({ host, stepId, title }) => {
      if (params.approve !== 'ask') return false;
      const question = { ask: 'approve-step', host, stepId, hash: '', title, correction: title };
      return (await ask(question)) === 'approve';
    },
    audit,
  };
}
