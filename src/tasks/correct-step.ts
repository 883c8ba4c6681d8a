import { chooseCorrection, type ChosenCorrection } from '../agent/corrections/choose.ts';
import { type Cause, causeOf, explainedBy, explainFailure } from '../agent/corrections/explain.ts';
import {
  type CorrectionRules,
  type JudgedCorrection,
  judgeCorrection,
} from '../agent/corrections/judge-correction.ts';
import { recognise, textsOf } from '../agent/corrections/recognise.ts';
import type { CommandRequest, CommandRun } from '../core/command-run.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { Step } from '../core/plan.ts';
import type { Correction } from '../core/run-report.ts';
import type { State } from '../core/state.ts';
import { describeState, privilegeOf } from '../states/registry.ts';
import type { StepPort } from './apply-step.ts';
import type { KeepAudit } from './plan-approval.ts';

/** What corrections of a run need beside the host. */
export interface CorrectionPort {
  readonly rules: CorrectionRules;
  /** A person's yes to one correction; false where nobody can be asked. */
  readonly ask: (question: {
    readonly host: string;
    readonly stepId: string;
    readonly title: string;
  }) => Promise<boolean>;
  /** Kept before it resolves. */
  readonly audit: KeepAudit;
}

/** A state of a step whose script has failed. */
export interface FailedState {
  readonly port: StepPort;
  readonly step: Step;
  readonly state: State;
  /** Corrections of the step so far; what is made is added. */
  readonly corrections: Correction[];
  /** Runs a script as the step's other scripts are run. */
  readonly runScript: (
    script: string,
    purpose: string,
    timeout: number,
    attempt: number,
  ) => Promise<CommandRun>;
}

/** Texts are known in English only, and what administers is in sbin. */
const PRELUDE = 'export LC_ALL=C.UTF-8\nPATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin\n';
const LOOK_TIMEOUT = 30_000;
const LOOK_LIMIT = 256 * 1024;

/**
 * Makes the one correction that is known for a failed run, then runs the script of the state again, once. Throws the
 * explained failure when there is none to make, when the policy or a person does not let it, or when it failed.
 */
export async function correctOnce(
  failed: CommandRun,
  { port, step, state, corrections, runScript }: FailedState,
  signal: AbortSignal,
): Promise<CommandRun> {
  const what = describeState(state);
  const cause = await findCause(failed, port, state, signal);
  const tried = corrections.map(({ signature }) => signature);
  const { rules } = port.corrections;
  const chosen =
    failed.verdict === 'failed'
      ? chooseCorrection(cause.recognised, state, { tried, off: rules.off })
      : undefined;
  if (!chosen) throw explainFailure(failed, what, cause);
  const judged = judgeCorrection(chosen, port.host, rules);
  await letThrough(chosen, judged, { port, step, what });
  const attempt = corrections.length;
  const { signature, title, diff } = chosen;
  const made = { signature, title, diff, class: judged.class, failedRunId: failed.id } as const;
  const repaired =
    chosen.script === null
      ? null
      : await runScript(`${PRELUDE}${chosen.script}\n`, `correction: ${title}`, chosen.timeout, attempt);
  if (repaired) corrections.push({ ...made, commandRunId: repaired.id });
  if (repaired && repaired.verdict !== 'succeeded') throw failedRepair(repaired, failed, cause, what);
  const again = await runScript(chosen.rerun, `apply once more: ${what}`, step.timeout * 1000, attempt + 1);
  // a correction that only runs it otherwise is that run itself
  if (!repaired) corrections.push({ ...made, commandRunId: again.id });
  return again;
}

/** The repair's own failure says more where its words are known: of stale lists, that the mirror has no name. */
function failedRepair(repaired: CommandRun, failed: CommandRun, cause: Cause, what: string): DeckhandError {
  if (repaired.verdict !== 'failed' || explainedBy([repaired]))
    return explainFailure(repaired, `correction for ${what}`);
  return explainFailure(failed, what, cause);
}

/** What the run printed, and where that only says that the reason is in a journal, what is there. */
async function findCause(
  failed: CommandRun,
  port: StepPort,
  state: State,
  signal: AbortSignal,
): Promise<Cause> {
  const cause = causeOf(failed);
  const [first] = cause.recognised;
  if (failed.verdict !== 'failed' || first?.signature.action.kind !== 'look') return cause;
  const { subject, signature } = first;
  if (subject === undefined || !/^[A-Za-z0-9_][A-Za-z0-9:_.@\\-]{0,254}$/.test(subject)) return cause;
  const request: CommandRequest = {
    host: port.host,
    script: `${PRELUDE}${first.signature.action.script(subject)}\n`,
    privilege: privilegeOf(state),
    timeout: LOOK_TIMEOUT,
    outputLimit: LOOK_LIMIT,
    durable: false,
    repeatable: true,
  };
  const run = await port.run(request, signal);
  port.journal.record(run, `look: ${first.signature.action.title}`);
  const [, journal = ''] = textsOf(run);
  const others = recognise([journal]).filter(one => one.signature.action.kind !== 'look');
  return { recognised: [...others, { signature, subject: undefined }], journal };
}

/** What a person agrees to, as one line. */
function shown(script: string): string {
  return script.replaceAll(/\s*\n\s*/g, ' ; ').slice(0, 500);
}

const ACTIONS = {
  run: 'correction.made',
  approved: 'correction.approved',
  declined: 'correction.asked',
  refuse: 'correction.refused',
} as const;

interface Asking {
  readonly port: StepPort;
  readonly step: Step;
  readonly what: string;
}

/** Throws `policy.refused`, or `policy.needs-approval` when nobody said yes; what was decided is in the audit log first. */
async function letThrough(
  chosen: ChosenCorrection,
  judged: JudgedCorrection,
  { port, step, what }: Asking,
): Promise<void> {
  const { host } = port;
  const { signature, title, diff, added } = chosen;
  const question = { host, stepId: step.id, title: `correction: ${title}: ${shown(added)}` };
  const yes = judged.decision === 'ask' && (await port.corrections.ask(question));
  const decision = judged.decision === 'ask' ? (yes ? 'approved' : 'declined') : judged.decision;
  const { class: found, risks, rule, why, meaning } = judged;
  await port.corrections.audit({
    action: ACTIONS[decision],
    hosts: [host],
    command: added,
    class: found,
    risks: [...risks],
    rule,
    why: `${signature}: ${why}`,
    meaning,
  });
  port.emit({
    kind: 'correction',
    host,
    stepId: step.id,
    signature,
    title,
    diff,
    decision,
    command: added,
    judged: { class: found, risks, rule, why, meaning },
  });
  if (decision === 'run' || decision === 'approved') return;
  const details = { signature, class: found, risks, rule, correction: added };
  if (decision === 'refuse')
    throw new DeckhandError('policy.refused', `${what}: ${title}: the policy refuses that: ${why}.`, {
      details,
    });
  throw new DeckhandError('policy.needs-approval', `${what}: ${title}: that needs a person’s yes: ${why}.`, {
    details,
    hint: `Do it by hand, or run again at a terminal without --yes and agree to it: ${added}`,
  });
}
