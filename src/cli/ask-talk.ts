import { toDeckhandError } from '../core/deckhand-error.ts';
import { EXIT } from '../core/error-table.ts';
import type { RunReport } from '../core/run-report.ts';
import { checkApprovalFlags } from './approval.ts';
import type { Asker } from './asker.ts';
import type { CliContext } from './context.ts';
import { type EngineSession, withEngine } from './engine-session.ts';
import { renderError } from './error-output.ts';
import type { ApprovalFlags, IntentFlags } from './flags.ts';
import { planRequestOf } from './plan-request.ts';
import { renderReport } from './render-report.ts';
import { carryOut, requestOf } from './run-plan.ts';
import { submissionExtras, type SubmissionFlags } from './submission-flags.ts';

type Flags = IntentFlags & ApprovalFlags & SubmissionFlags;
type Earlier = { readonly intent: string; readonly outcome: string };

/** Requests of one talk that are told to the planner, and characters of an outcome. */
const REMEMBERED = 10;
const OUTCOME = 3000;

/** One request after the other on the same hosts; each planner knows what came of those before. */
export async function talk(context: CliContext, flags: Flags): Promise<void> {
  const work = async (session: EngineSession): Promise<number> => {
    checkApprovalFlags(flags, session);
    const { asker } = session;
    return asker ? await turns(session, asker, flags) : EXIT.usage;
  };
  await withEngine(context, flags, work, { extras: () => submissionExtras(flags, Date.now()) });
}

async function turns(session: EngineSession, asker: Asker, flags: Flags): Promise<number> {
  session.say('say what should be true; an empty line ends');
  const earlier: Earlier[] = [];
  for (let exitCode: number = EXIT.ok; ; ) {
    const intent = (await asker.line('What should be true?', '')).trim();
    if (intent === '' || intent === '/quit') return exitCode;
    exitCode = await turn(session, flags, intent, earlier);
  }
}

async function turn(
  session: EngineSession,
  flags: Flags,
  intent: string,
  earlier: Earlier[],
): Promise<number> {
  const told = earlier.slice(-REMEMBERED);
  const request = { ...planRequestOf(flags, [intent]), ...(told.length === 0 ? {} : { earlier: told }) };
  try {
    return await carryOut(session, flags, requestOf(flags, request), report =>
      earlier.push({ intent, outcome: outcomeOf(report, session) }),
    );
  } catch (thrown) {
    session.signal.throwIfAborted();
    const error = toDeckhandError(thrown);
    earlier.push({ intent, outcome: `${error.code}: ${error.message}`.slice(0, OUTCOME) });
    session.say(renderError(error.toJSON(), session.talkStyle).trimEnd());
    return error.exitCode;
  }
}

function outcomeOf(report: RunReport, { style }: EngineSession): string {
  return renderReport(report, style).slice(0, OUTCOME);
}
