import { createHash } from 'node:crypto';
import { amendPlan } from '../agent/amend-plan.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import { newId } from '../core/ids.ts';
import { maskSecrets } from '../core/mask-secrets.ts';
import type { Plan } from '../core/plan.ts';
import type { HostReport, RunReport } from '../core/run-report.ts';
import type { AgentRunParams } from '../core/task-params.ts';
import { headAndTail, sanitiseText } from '../core/untrusted.ts';
import type { Outcome } from '../queue/executor-protocol.ts';
import type { RunMemory } from './agent-memory.ts';
import { decideNext, type Next, replan, type Thinking } from './agent-next.ts';
import { mindOf } from './agent-planner.ts';
import { failedStep, firstRound, mergeReports, type Round } from './agent-round.ts';
import { overallOutcome } from './plan-run.ts';
import type { TaskWork } from './task-kind.ts';

type Work = TaskWork<AgentRunParams>;

/** Milliseconds that a run waits for a person, and that an answer holds. */
export const PERSON_LIFE = 7 * 86_400_000;
const EVIDENCE = 4000;

export interface RoundRun {
  readonly work: Work;
  readonly memory: RunMemory;
  readonly signal: AbortSignal;
  /** Looks, approves, carries out and proves once. */
  readonly carryOut: (round: Round) => Promise<RunReport>;
  /** An end that is no failure of a step: hosts that went dark, a cancel. */
  readonly interrupted: (report: RunReport) => Promise<Outcome | null>;
}

/** Rounds until the plan is proved, nobody knows further, or a person is needed. */
export async function runRounds(run: RoundRun, plan: Plan): Promise<Outcome | RunReport> {
  const { memory, work } = run;
  let round = latestRound(memory) ?? firstRound(plan, work.params.hosts);
  for (;;) {
    const kept = memory.get(`failed ${round.number}`)?.['report'] as RunReport | undefined;
    const report = kept ?? (await run.carryOut(round));
    const whole = wholeReport(run, round, report);
    if (report.outcome !== 'failed') return whole;
    const interrupted = kept ? null : await run.interrupted(whole);
    if (interrupted) return interrupted;
    // whatever is decided now is decided on this, in whatever claim
    if (!kept) await memory.keep(`failed ${round.number}`, { report });
    const next = await nextOrFailed(run, round, whole);
    if ('outcome' in next) return next;
    if (next.next === 'end') return whole;
    if (next.next === 'escalate') return await escalate(run, next, whole);
    round = next.round;
    await memory.keep(`round ${round.number}`, { round });
  }
}

function latestRound(memory: RunMemory): Round | undefined {
  const rounds = memory.values('round ').map(({ round }) => round as Round);
  return rounds.toSorted((one, other) => other.number - one.number)[0];
}

/** The report of the whole run, all rounds together. */
function wholeReport({ work }: RoundRun, round: Round, report: RunReport): RunReport {
  if (round.number === 0) return report;
  const hosts = mergeReports(round.done, report.hosts, work.params.hosts);
  const end = report.outcome === 'declined' ? {} : overallOutcome(hosts);
  return { ...report, ...end, hosts, decisions: round.decisions };
}

/** A model that cannot be asked ends the run with its own error beside what failed (T20). */
async function nextOrFailed(run: RoundRun, round: Round, whole: RunReport): Promise<Next | RunReport> {
  const { work, memory, signal } = run;
  if (work.params.plan !== undefined && work.params.model === undefined) return { next: 'end' };
  try {
    const mind = await mindOf(work, memory, signal);
    if (!mind) return { next: 'end' };
    const thinking = { work, memory, mind, signal };
    return (await answerOf(thinking, round, whole)) ?? (await decideNext(thinking, round, whole.hosts));
  } catch (thrown) {
    signal.throwIfAborted();
    const error = toDeckhandError(thrown);
    const failed = whole.error?.message ?? '';
    const text = `${failed} What to do about it could not be decided: ${error.message}`;
    const both = new DeckhandError(error.code, text, {
      details: { ...error.details, failed: whole.error?.code },
    });
    return { ...whole, error: both.toJSON() };
  }
}

/** The run waits without a slot until a person says how to go on. */
async function escalate(
  { work, memory }: RoundRun,
  { round, reason }: Extract<Next, { next: 'escalate' }>,
  whole: RunReport,
): Promise<Outcome | RunReport> {
  const failed = whole.hosts.filter(({ outcome }) => outcome === 'failed');
  const text = failed.map(textOf).join('\n');
  const title = `${whole.goal}: ${reason}`.slice(0, 300);
  const reported = { ...whole, decisions: round.decisions };
  if (work.params.approve === 'none') {
    const error = new DeckhandError('run.needs-person', `Nobody was there to ask. ${title}`);
    return { ...reported, error: error.toJSON() };
  }
  const id = newId('approval', work.clock.now());
  await memory.keep(`escalated ${round.number}`, { approval: id, round });
  const choices = ['continue', 'skip', 'abort'];
  work.emit({ kind: 'needs-person', approval: id, title: sanitiseText(title), evidence: text, choices });
  const hash = createHash('sha256')
    .update(JSON.stringify([title, text, round.number]))
    .digest('hex');
  const hosts = failed.map(({ host }) => host);
  const steps = failed.map(report => failedStep(report)?.id ?? 'done');
  const about = { hosts, steps, risks: [], evidence: text, reason, choices };
  const expiresAt = work.clock.now() + PERSON_LIFE;
  const approval = {
    id,
    hash,
    title,
    expiresAt,
    kind: 'escalation',
    about,
    uses: 1,
    validFor: PERSON_LIFE,
  } as const;
  return { end: 'approval', approval };
}

function textOf(report: HostReport): string {
  const error = failedStep(report)?.error ?? report.error;
  const run = report.commandRuns.find(({ id }) => id === error?.details['runId']);
  const output = run ? `\n${run.stderr}\n${run.stdout}` : '';
  const text = `${report.host}: ${error?.code ?? ''}: ${error?.message ?? ''}${output}`;
  return headAndTail(maskSecrets(sanitiseText(text)), EVIDENCE).trim();
}

/** What a person answered to the escalation of this round, as the next round. */
async function answerOf(thinking: Thinking, round: Round, whole: RunReport): Promise<Next | null> {
  const { work, memory } = thinking;
  const asked = memory.get(`escalated ${round.number}`);
  const answer = work.approved.find(({ id }) => id === asked?.['approval']);
  if (!asked || !answer) return null;
  const before = asked['round'] as Round;
  if (answer.note !== null) await memory.keep(`note ${round.number}`, { text: answer.note });
  const fresh = { ...before, number: round.number + 1, repairs: {}, seen: [], replans: 0, done: whole.hosts };
  const action = answer.choice ?? 'continue';
  const decisions = before.only.map(host => {
    const report = whole.hosts.find(one => one.host === host);
    const stepId = (report && failedStep(report)?.id) ?? 'done';
    const reason = `by ${answer.decidedBy ?? 'a person'}${answer.note === null ? '' : `: ${answer.note}`}`;
    work.emit({ kind: 'decision', host, stepId, action, reason: sanitiseText(reason) });
    return { round: round.number, host, stepId, action, reason };
  });
  const next = { ...fresh, earlier: before.plan, decisions: [...before.decisions, ...decisions] };
  if (action === 'skip') return { next: 'round', round: { ...next, plan: skipped(before, decisions) } };
  // without words the person has mended something by hand: the same is tried again
  if (answer.note === null) return { next: 'round', round: next };
  const wish = 'What a person said is to be taken into the new plan.';
  const plan = await replan(thinking, { ...before, number: round.number, done: whole.hosts }, [wish]);
  return { next: 'round', round: { ...next, plan, hosts: before.only } };
}

function skipped(round: Round, failed: readonly { readonly host: string; readonly stepId: string }[]): Plan {
  return failed.reduce((plan, { host, stepId }) => {
    if (!plan.steps.some(({ id }) => id === stepId)) return plan;
    return amendPlan(plan, round.hosts, { action: 'skip', host, stepId, steps: [], mark: round.number });
  }, round.plan);
}
