import { amendPlan } from '../agent/amend-plan.ts';
import { EVIDENCE_LIMIT, fence } from '../agent/evidence.ts';
import { planText } from '../agent/plan-prompt.ts';
import { REPAIR_INSTRUCTIONS, type RepairDecision, repairDecisionSchema } from '../agent/repair-decision.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { headAndTail } from '../core/untrusted.ts';
import type { Plan } from '../core/plan.ts';
import type { CommandRunRecord, HostReport } from '../core/run-report.ts';
import type { AgentMind } from './agent-memory.ts';
import { failedStep, type Round } from './agent-round.ts';

/** Times that a model may ask for more of an output before it must decide. */
const MOST_READS = 3;
/** Runs of a host that are shown by name. */
const LISTED = 12;

/** What is to be done about one host: a plan that is changed for it, or what concerns all of it. */
export type Repair = { readonly reason: string } & (
  | { readonly action: 'retry' | 'replan' | 'escalate' }
  | { readonly action: 'replace' | 'insert' | 'skip'; readonly plan: Plan }
);

/** Asks the model about a step that failed; an answer that cannot be taken goes back once, then the plan is made anew. */
export async function decideRepair(
  mind: AgentMind,
  round: Round,
  report: HostReport,
  stepId: string,
  notes: readonly string[],
): Promise<Repair> {
  const { host } = report;
  const name = `repair ${round.number} ${host} ${stepId}`;
  let prompt = repairPrompt(round, report, stepId, notes);
  let faults = 0;
  for (let asked = 0; asked <= MOST_READS + 1; asked += 1) {
    const decision = await mind.ask({
      name: asked === 0 ? name : `${name} ${asked}`,
      role: 'repair',
      instructions: REPAIR_INSTRUCTIONS,
      prompt,
      schema: repairDecisionSchema,
      schemaName: 'repair',
    });
    if (decision.action === 'read') {
      prompt = `${prompt}\n\n${readMore(report, decision)}`;
      continue;
    }
    const taken = takeDecision(round, host, stepId, decision);
    if (!(taken instanceof DeckhandError)) return taken;
    faults += 1;
    if (faults > 1) return { action: 'replan', reason: `the repair could not be taken: ${taken.message}` };
    prompt = `${prompt}\n\nYou answered:\n${JSON.stringify(decision)}\nIt cannot be taken: ${taken.message}`;
  }
  return { action: 'replan', reason: 'it only asked to read more' };
}

function takeDecision(
  round: Round,
  host: string,
  stepId: string,
  { action, reason, steps }: RepairDecision,
): Repair | DeckhandError {
  if (action === 'read') throw new DeckhandError('internal.defect', 'A wish to read is no repair.');
  if (action === 'retry' || action === 'replan' || action === 'escalate') return { action, reason };
  try {
    const amendment = { action, host, stepId, steps, mark: round.number + 1 };
    return { action, reason, plan: amendPlan(round.plan, round.hosts, amendment) };
  } catch (error) {
    if (error instanceof DeckhandError && error.code.startsWith('plan.')) return error;
    throw error;
  }
}

function repairPrompt(round: Round, report: HostReport, stepId: string, notes: readonly string[]): string {
  const { plan, decisions } = round;
  const { host } = report;
  const tried = decisions
    .filter(one => one.host === host)
    .map(({ action, reason }) => `- ${action}: ${reason}`);
  return [
    `Request: ${plan.intent}`,
    ...notes,
    `Plan: ${planText(plan)}`,
    '',
    `On ${host}:`,
    ...report.steps.map(({ id, outcome }) => `- ${id}: ${outcome}`),
    `The step ${stepId} failed.`,
    evidenceOf(report),
    'Outputs that can be read by id:',
    ...report.commandRuns.slice(-LISTED).map(({ id, purpose }) => `- ${id}: ${purpose.slice(0, 200)}`),
    ...(tried.length === 0 ? [] : ['Tried before on this host:', ...tried]),
  ].join('\n');
}

/** What is known of a failure, fenced: the error's words and the run it came from. */
export function evidenceOf(report: HostReport): string {
  const error = failedStep(report)?.error ?? report.error;
  const run = report.commandRuns.find(({ id }) => id === error?.details['runId']);
  const evidence = error?.details['evidence'];
  return [
    fence('error', `${error?.code ?? ''}: ${error?.message ?? ''}`),
    ...(typeof evidence === 'string' && evidence !== '' ? [fence('evidence', evidence)] : []),
    ...(run ? [fence(`output of ${run.id}`, outputOf(run))] : []),
  ].join('\n');
}

function readMore({ commandRuns }: HostReport, { readId, readFrom }: RepairDecision): string {
  const run = commandRuns.find(({ id }) => id === readId);
  if (!run) return `There is no output ${JSON.stringify(readId)}.`;
  return fence(`output of ${run.id}`, outputOf(run), Math.max(0, Math.floor(readFrom ?? 0)));
}

function outputOf({ exitCode, signal, stdout, stderr }: CommandRunRecord): string {
  const end = signal === null ? `exit ${exitCode}` : `signal ${signal}`;
  return `${end}\nstderr:\n${headAndTail(stderr, EVIDENCE_LIMIT * 2)}\nstdout:\n${headAndTail(stdout, EVIDENCE_LIMIT * 2)}`;
}

/** Everything hosts printed that a model may have seen: what only comes from there is not believed. */
export function seenOutput(reports: readonly HostReport[]): readonly string[] {
  return reports.flatMap(({ commandRuns, error, steps }) => [
    ...commandRuns.flatMap(({ stdout, stderr }) => [stdout, stderr]),
    error?.message ?? '',
    ...steps.map(step => step.error?.message ?? ''),
  ]);
}
