import { planByModel } from '../agent/plan-by-model.ts';
import { groupFacts, planPrompt, planText } from '../agent/plan-prompt.ts';
import type { ImprovedRequest } from '../agent/improve.ts';
import type { Plan } from '../core/plan.ts';
import type { HostReport, RunDecision } from '../core/run-report.ts';
import type { AgentRunParams } from '../core/task-params.ts';
import type { AgentMind, RunMemory } from './agent-memory.ts';
import { factsOf, freeTextOf, marked } from './agent-planner.ts';
import { decideRepair, evidenceOf, seenOutput } from './agent-repair.ts';
import { baseOf, endsRun, failedStep, failureKey, mayBeMended, type Round } from './agent-round.ts';
import type { TaskWork } from './task-kind.ts';

type Work = TaskWork<AgentRunParams>;

const MOST_REPAIRS = 3;
const MOST_REPLANS = 2;

/** What follows a round that failed: another one, a person, or the end. */
export type Next =
  | { readonly next: 'round'; readonly round: Round }
  | { readonly next: 'escalate'; readonly round: Round; readonly reason: string }
  | { readonly next: 'end' };

export interface Thinking {
  readonly work: Work;
  readonly memory: RunMemory;
  readonly mind: AgentMind;
  readonly signal: AbortSignal;
}

/**
 * Decides about every host that failed: a step repaired at most three times, the same failure twice or more than that
 * a new plan from how the hosts are now, and after two of these a person. Throws what the model's server throws.
 */
export async function decideNext(
  thinking: Thinking,
  round: Round,
  reports: readonly HostReport[],
): Promise<Next> {
  const failed = reports.filter(({ outcome }) => outcome === 'failed');
  const open = failed.filter(({ error }) => mayBeMended(error));
  if (open.length === 0 || failed.some(({ error }) => endsRun(error))) return { next: 'end' };
  let after: Round = { ...round, done: reports, only: open.map(({ host }) => host) };
  const wishes: string[] = [];
  for (const report of open) {
    const repaired = await repairHost(thinking, after, report);
    after = repaired.round;
    if (repaired.wish !== null) wishes.push(repaired.wish);
    if (repaired.escalate) return { next: 'escalate', round: after, reason: repaired.reason };
  }
  if (wishes.length > 0) {
    if (round.replans >= MOST_REPLANS)
      return { next: 'escalate', round: after, reason: `${MOST_REPLANS} new plans did not help` };
    after = {
      ...after,
      plan: await replan(thinking, after, wishes),
      replans: round.replans + 1,
      hosts: after.only,
    };
  } else after = doubted(thinking, after);
  return { next: 'round', round: { ...after, earlier: round.plan, number: round.number + 1 } };
}

interface Repaired {
  readonly round: Round;
  /** Why a new plan is needed; null = it is not. */
  readonly wish: string | null;
  readonly escalate: boolean;
  readonly reason: string;
}

async function repairHost(thinking: Thinking, round: Round, report: HostReport): Promise<Repaired> {
  const { host } = report;
  const step = failedStep(report);
  const stepId = step?.id ?? 'done';
  const key = failureKey(host, stepId, step?.error ?? report.error);
  const place = `${host}/${baseOf(stepId)}`;
  const count = round.repairs[place] ?? 0;
  const known = { ...round, seen: [...round.seen, key], repairs: { ...round.repairs, [place]: count + 1 } };
  const forced = forcedReplan(step === null, round.seen.includes(key), count);
  const repair =
    forced === null
      ? await decideRepair(thinking.mind, round, report, stepId, notesOf(thinking.memory))
      : ({ action: 'replan', reason: forced } as const);
  const { action, reason } = repair;
  thinking.work.emit({ kind: 'decision', host, stepId, action, reason });
  const decision: RunDecision = { round: round.number, host, stepId, action, reason };
  const plan = 'plan' in repair ? repair.plan : round.plan;
  return {
    round: { ...known, plan, decisions: [...round.decisions, decision] },
    wish: action === 'replan' ? `${host}: ${stepId} failed, and a repair is not enough: ${reason}` : null,
    escalate: action === 'escalate',
    reason,
  };
}

function forcedReplan(allRan: boolean, again: boolean, repairs: number): string | null {
  if (allRan) return 'all steps ran, and the result does not hold';
  if (again) return 'the same failure came twice';
  return repairs >= MOST_REPAIRS ? `${MOST_REPAIRS} repairs did not help` : null;
}

/** A new plan for the hosts that are not proved, from how they are now. */
export async function replan(thinking: Thinking, round: Round, wishes: readonly string[]): Promise<Plan> {
  const { work, memory, mind, signal } = thinking;
  work.phase('planning again');
  const facts = await factsOf(work, round.only, signal, true);
  const runbooks = await work.hosts.runbooks();
  const request = requestOf(work, memory);
  const open = round.done.filter(({ host }) => round.only.includes(host));
  const history = [
    `The plan before: ${planText(round.plan)}`,
    ...wishes,
    ...open.map(report => `${report.host}:\n${evidenceOf(report)}`),
    ...notesOf(memory),
    'Plan anew for these hosts as they are now. What holds already costs nothing to ask for again.',
  ];
  const prompt = planPrompt({ request, groups: groupFacts(facts), runbooks, history });
  const place = { intent: request.intent, hosts: round.only, runbooks };
  const plan = await planByModel(mind.ask, { name: `plan ${round.number + 1}`, prompt }, place);
  const untrusted = [...facts.flatMap(one => freeTextOf(one.facts)), ...seenOutput(round.done)];
  return marked(plan, request, untrusted, work.params, [planText(round.plan), ...notesOf(memory)]);
}

/** A repaired plan is written by one who has read outputs. */
function doubted({ work, memory }: Thinking, round: Round): Round {
  const first = memory.get('plan')?.['plan'] as Plan | undefined;
  const shown = [...(first ? [planText(first)] : []), ...notesOf(memory)];
  const untrusted = seenOutput(round.done);
  return { ...round, plan: marked(round.plan, requestOf(work, memory), untrusted, work.params, shown) };
}

function requestOf({ params }: Work, memory: RunMemory): ImprovedRequest {
  const kept = memory.get('request');
  if (kept) return kept as unknown as ImprovedRequest;
  return { intent: params.intent ?? params.plan?.goal ?? '', improved: null, answered: [], assumed: [] };
}

/** What persons said when the run did not know further. */
function notesOf(memory: RunMemory): readonly string[] {
  return memory.values('note ').map(({ text }) => `A person said: ${String(text)}`);
}
