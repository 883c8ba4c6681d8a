import type { PlanRequest } from '../api/contract.ts';
import { type DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import { EXIT } from '../core/error-table.ts';
import type { RunReport } from '../core/run-report.ts';
import { approver, checkApprovalFlags } from './approval.ts';
import type { CliContext } from './context.ts';
import { type EngineSession, withEngine } from './engine-session.ts';
import { renderError } from './error-output.ts';
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
    await checkReportFile(flags.report);
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
          refusal = toDeckhandError(error);
          throw error;
        }
      },
    },
  );
  const written = await saveReport(session, flags.report, report);
  if (refusal) throw refusal;
  session.result(report, () => renderReport(report, session.style));
  const exitCode = exitCodeOfRun(report);
  return exitCode === EXIT.ok ? written : exitCode;
}

/** Gives 0, or the exit code of why it could not be written: the result is still to be shown then. */
async function saveReport(
  session: EngineSession,
  file: string | undefined,
  report: RunReport,
): Promise<number> {
  if (file === undefined) return EXIT.ok;
  try {
    await writeReport(file, report, session.blot);
    session.say(`report written to ${file}`);
    return EXIT.ok;
  } catch (thrown) {
    const error = toDeckhandError(thrown);
    session.say(renderError(error.toJSON(), session.talkStyle).trimEnd());
    return error.exitCode;
  }
}
