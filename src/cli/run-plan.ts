import type { PlanRequest } from '../api/contract.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { approver, checkApprovalFlags } from './approval.ts';
import type { CliContext } from './context.ts';
import { type EngineSession, withEngine } from './engine-session.ts';
import { exitCodeOfRun } from './exit-code.ts';
import type { ApprovalFlags, CommonFlags } from './flags.ts';
import { renderReport } from './render-report.ts';
import { checkReportFile, writeReport } from './report-file.ts';

/** Plans, asks, carries out, proves and reports: the common end of `ask` and `apply`. */
export async function runPlan(
  context: CliContext,
  flags: CommonFlags & ApprovalFlags,
  request: () => Promise<PlanRequest>,
): Promise<void> {
  await withEngine(context, flags, async session => {
    checkReportFile(flags.report);
    checkApprovalFlags(flags, session);
    return await carryOut(session, flags, await request());
  });
}

async function carryOut(session: EngineSession, flags: ApprovalFlags, request: PlanRequest): Promise<number> {
  const approve = approver(flags, session);
  // kept here because an engine may turn a failed question into a declined run
  let refusal: DeckhandError | undefined;
  const report = await session.api.run(
    { ...request, confirm: flags.confirm ? 'steps' : 'plan' },
    {
      ...session.call,
      approve: async question => {
        try {
          return await approve(question);
        } catch (error) {
          if (error instanceof DeckhandError) refusal = error;
          throw error;
        }
      },
    },
  );
  if (flags.report !== undefined) {
    await writeReport(flags.report, report, session.blot);
    session.say(`report written to ${flags.report}`);
  }
  if (refusal) throw refusal;
  session.result(report, () => renderReport(report, session.style));
  return exitCodeOfRun(report);
}
