import type { PlanRequest, RunRequest } from '../api/contract.ts';
import { recordOfReport, runRecordOf } from '../api/over-tasks/run-record.ts';
import { runSubmission } from '../api/over-tasks/submissions.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import { EXIT } from '../core/error-table.ts';
import type { OnEvent, RunEvent } from '../core/run-event.ts';
import type { RunReport } from '../core/run-report.ts';
import { approver, checkApprovalFlags, personAsker } from './approval.ts';
import type { CliContext } from './context.ts';
import { detached } from './detach.ts';
import { type EngineSession, withEngine } from './engine-session.ts';
import { renderError } from './error-output.ts';
import { exitCodeOfRun } from './exit-code.ts';
import type { ApprovalFlags, CommonFlags } from './flags.ts';
import { oneLine } from './layout.ts';
import { renderPlan } from './render-plan.ts';
import { renderReport } from './render-report.ts';
import { checkReportFile, writeReport } from './report-file.ts';
import { checkDetach, submissionExtras, type SubmissionFlags } from './submission-flags.ts';

type RunFlags = CommonFlags & ApprovalFlags & SubmissionFlags;

/** Plans, asks, carries out, proves and reports: the common end of `ask` and `apply`. */
export async function runPlan(
  context: CliContext,
  flags: RunFlags,
  request: () => Promise<PlanRequest>,
): Promise<void> {
  await runPlanFrom(context, flags, async () => await request());
}

/** The same for what is planned from what the engine keeps: an earlier run. */
export async function runPlanFrom(
  context: CliContext,
  flags: RunFlags,
  request: (session: EngineSession) => Promise<PlanRequest>,
): Promise<void> {
  const extras = () => submissionExtras(flags, Date.now());
  const work = async (session: EngineSession): Promise<number> => {
    await checkReportFile(flags.report);
    if (flags.detach) return await leaveToDaemon(session, flags, requestOf(flags, await request(session)));
    checkApprovalFlags(flags, session);
    return await carryOut(session, flags, requestOf(flags, await request(session)));
  };
  await withEngine(context, flags, work, { extras, check: () => checkDetached(flags) });
}

export function requestOf(flags: ApprovalFlags, request: PlanRequest): RunRequest {
  return {
    ...request,
    confirm: flags.confirm ? 'steps' : 'plan',
    ...(flags.yes ? { approved: true } : {}),
    ...(flags.noCorrections ? { corrections: false } : {}),
  };
}

function checkDetached(flags: RunFlags): void {
  checkDetach(flags);
  const attached = flags.confirm ? '--confirm' : flags.report === undefined ? null : '--report';
  if (flags.detach && attached !== null)
    throw new DeckhandError('input.invalid', `--detach and ${attached} exclude each other.`);
}

async function leaveToDaemon(
  session: EngineSession,
  flags: ApprovalFlags,
  request: RunRequest,
): Promise<number> {
  if (!flags.yes) session.say('if it changes something, it waits for you: deckhand approvals list');
  const submission = runSubmission(request, flags.yes ? 'yes' : 'ask', session.base);
  return detached(session, await session.tasks.submit(submission));
}

/** Carries out one request and shows what came of it; gives the exit code. */
export async function carryOut(
  session: EngineSession,
  flags: ApprovalFlags,
  request: RunRequest,
  onReport?: (report: RunReport) => void,
): Promise<number> {
  const approve = approver(flags, session);
  // kept here because a question that was left becomes a declined run
  let refusal: DeckhandError | undefined;
  const asking = async (question: Parameters<typeof approve>[0]) => {
    try {
      return await approve(question);
    } catch (error) {
      refusal = toDeckhandError(error);
      throw error;
    }
  };
  const call = {
    ...session.call,
    onEvent: showingPlan(session, flags),
    // nobody to ask: the run ends by itself when it comes to that
    ...(session.asker ? { approve: asking } : {}),
    ...personAsker(session),
  };
  try {
    const report = await session.api.run(request, call);
    onReport?.(report);
    const written = await saveReport(session, flags.report, report);
    if (refusal) throw refusal;
    session.result(report, () => renderReport(report, session.style));
    const exitCode = exitCodeOfRun(report);
    return exitCode === EXIT.ok ? written : exitCode;
  } catch (error) {
    throw refusal ?? error;
  }
}

/** The plan is shown as soon as it is there, before anything is asked or done; under `--json` only to a person. */
function showingPlan(session: EngineSession, flags: ApprovalFlags): OnEvent {
  const quiet = session.flags.json || session.flags.jsonl;
  // after an approval the hosts are looked at again: the same plan is not shown again
  let shown: string | null = null;
  return event => {
    session.call.onEvent(event);
    tellWaiting(session, event);
    if (event.kind !== 'plan-ready' || (quiet && (flags.yes || !session.asker))) return;
    const { preview } = event;
    if (preview.hash === shown || preview.hosts.every(host => host.pending.length === 0)) return;
    shown = preview.hash;
    session.say(renderPlan(preview, session.talkStyle));
  };
}

/** Nobody is at this terminal to ask: how somebody else can answer. */
function tellWaiting({ asker, say }: EngineSession, event: RunEvent): void {
  if (asker || !('approval' in event) || event.approval === undefined) return;
  const evidence = event.kind === 'needs-person' ? `\n${event.evidence}` : '';
  say(
    `waits for a person: ${oneLine(event.title)}${evidence}\n  deckhand approvals approve ${event.approval}   or   decline`,
  );
}

/** Gives 0, or the exit code of why it could not be written: the result is still to be shown then. */
async function saveReport(
  session: EngineSession,
  file: string | undefined,
  report: RunReport,
): Promise<number> {
  if (file === undefined) return EXIT.ok;
  try {
    // events and approvals belong to it; without them it is still a report
    const record = await runRecordOf(session.tasks, report.id).catch(() => recordOfReport(report));
    await writeReport(file, record, session.blot);
    session.say(`report written to ${file}`);
    return EXIT.ok;
  } catch (thrown) {
    const error = toDeckhandError(thrown);
    session.say(renderError(error.toJSON(), session.talkStyle).trimEnd());
    return error.exitCode;
  }
}
