import type { PlanRequest } from '../api/contract.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { PlanPreview } from '../core/run-report.ts';
import type { CliContext } from './context.ts';
import { type EngineSession, withEngine } from './engine-session.ts';
import { exitCodeOfPreview } from './exit-code.ts';
import { type ApprovalFlags, type CommonFlags, toggle } from './flags.ts';
import { oneLine } from './layout.ts';
import { renderPlan } from './render-plan.ts';
import type { Style } from './style.ts';

/** Of `ask` and `apply`. */
export interface DryRunFlags {
  readonly dryRun: boolean;
}
export const dryRunFlags = {
  dryRun: toggle('Only show the plan and what it would change on each host'),
} as const;

type PlanningFlags = CommonFlags &
  Partial<Pick<ApprovalFlags, 'yes' | 'confirm' | 'report'>> & { readonly detach?: boolean };

/** Plans, looks at the hosts and shows what would change there; nothing is asked and nothing is changed. */
export async function showPlan(
  context: CliContext,
  flags: PlanningFlags,
  request: () => Promise<PlanRequest>,
): Promise<void> {
  const work = async ({ api, call, result, style }: EngineSession): Promise<number> => {
    const preview = await api.plan(await request(), call);
    result(preview, () => `${renderPlan(preview, style)}${askedLine(preview, style)}`);
    return exitCodeOfPreview(preview);
  };
  await withEngine(context, flags, work, { check: () => checkDryRun(flags) });
}

/** What only means something when work is done. Throws `input.invalid`. */
function checkDryRun(flags: PlanningFlags): void {
  const work = {
    '--yes': flags.yes,
    '--confirm': flags.confirm,
    '--detach': flags.detach,
    '--report': flags.report !== undefined,
  };
  const found = Object.entries(work).find(([, given]) => given);
  if (!found) return;
  throw new DeckhandError('input.invalid', `--dry-run and ${found[0]} exclude each other.`);
}

/** Who would have to say yes, in one line; empty when there is nothing to do. */
function askedLine({ hosts, commands = [], doubts = [] }: PlanPreview, style: Style): string {
  if (hosts.every(({ pending }) => pending.length === 0)) return '';
  const refused = commands.find(({ decision }) => decision === 'refuse');
  if (refused) return `\n${style.bad('would be refused:')} ${oneLine(refused.why)}\n`;
  const asks = doubts.length > 0 || commands.some(({ decision }) => decision === 'ask');
  return `\n${asks ? 'a person would be asked before anything is changed' : 'would run unasked'}\n`;
}
