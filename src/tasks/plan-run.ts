import { judgeStep, type PlanPolicy } from '../agent/judge-plan.ts';
import { planDifference } from '../agent/plan-difference.ts';
import { approvalHash, planSteps } from '../agent/plan-preview.ts';
import type { Clock } from '../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import { orderSteps, type Plan, type Step } from '../core/plan.ts';
import type { RunEventBody } from '../core/run-event.ts';
import type { HostPreview, HostReport, PlanPreview, RunReport } from '../core/run-report.ts';
import type { StepPort } from './apply-step.ts';
import type { CorrectionPort } from './correct-step.ts';
import { type HostLook, lookAtHost, runOnHost } from './host-run.ts';
import type { KeepPort } from './keep-before.ts';
import type { StepMemory } from './run-steps.ts';
import type { UndoWhen } from './undo-at-once.ts';
import type { HostDoor } from './host-door.ts';
import {
  guardOf,
  judgedPreview,
  type KeepAudit,
  passLooks,
  planEntry,
  refuseForbidden,
  runsUnasked,
} from './plan-approval.ts';
import { inParallel } from './in-parallel.ts';
import { RunJournal } from './run-journal.ts';

/** What the run must know of a host before it touches it; read once, cached by the fleet. */
export interface HostAbilities {
  readonly family: string;
  readonly systemd: boolean;
  /** Commands it took to know this: 0 from the cache. */
  readonly roundTrips: number;
}

export interface AgentRunPort {
  readonly clock: Clock;
  readonly concurrency: number;
  readonly door: (host: string) => HostDoor;
  readonly abilities: (host: string, signal: AbortSignal) => Promise<HostAbilities>;
  readonly emit: (event: RunEventBody) => void;
  readonly corrections: CorrectionPort;
  /** What of a plan may run, and what is asked. */
  readonly policy: PlanPolicy;
  /** Kept before it resolves. */
  readonly audit: KeepAudit;
  /** How steps are kept, and when they are taken back without being asked. */
  readonly keep: (host: string) => KeepPort & { readonly undo: UndoWhen };
}

export interface Approval {
  readonly preview: PlanPreview;
  readonly step?: Step;
  readonly host?: string;
}
export interface AgentRunOptions {
  readonly signal: AbortSignal;
  /** Absent: nobody can approve, and the run stops before any change. */
  readonly approve?: (approval: Approval) => Promise<'approve' | 'skip' | 'decline'>;
  readonly confirmSteps: boolean;
  /** True: a person approved exactly this before, and it still holds; counts as a use of it. */
  readonly covered?: (hash: string) => Promise<boolean>;
  /** Hosts that are worked on now; absent = all that the plan is for. */
  readonly only?: ReadonlySet<string>;
  /** From 0: how often the run has looked, carried out and proved before. */
  readonly round?: number;
  /** The plan of the round before. */
  readonly earlier?: Plan;
  /** Names the approval that is asked for in the event that says so. */
  readonly approvalId?: string;
  /** The id that the report carries. */
  readonly id: string;
  /** Steps of one host at the same time; default 1. */
  readonly stepsAtOnce?: number;
  /** What earlier claims of the same run finished on a host. */
  readonly memory?: (host: string) => StepMemory;
}

interface PreparedHost {
  readonly host: string;
  readonly door: HostDoor;
  readonly port: StepPort;
  readonly journal: RunJournal;
  readonly look?: HostLook;
  readonly askedBefore?: number;
  readonly error?: DeckhandError;
}

/** Looks at every host and says what the plan would do there; changes nothing. */
export async function previewPlan(
  plan: Plan,
  hosts: readonly string[],
  port: AgentRunPort,
  signal: AbortSignal,
): Promise<PlanPreview> {
  await passLooks(plan, hosts, port.audit);
  return toPreview(plan, hosts, await prepare(plan, hosts, port, { signal }), port);
}

/** The whole of `agent.run`: look, ask for approval, carry out on each host, prove, report. */
export async function runPlan(
  plan: Plan,
  hosts: readonly string[],
  port: AgentRunPort,
  options: AgentRunOptions,
): Promise<RunReport> {
  orderSteps(plan);
  const startedAt = port.clock.now();
  const begun = port.clock.monotonic();
  await passLooks(plan, hosts, port.audit);
  const only = hosts.filter(host => options.only?.has(host) !== false);
  const prepared = await prepare(plan, only, port, options);
  const preview = toPreview(plan, hosts, prepared, port, options.earlier);
  port.emit({ kind: 'plan-ready', preview });
  const answer = await askApproval(preview, hosts, port, options);
  const approved = answer === 'approve' ? (preview.commands ?? []) : [];
  const guard = guardOf(hosts, port.policy, approved, port.audit);
  const reports =
    answer === 'decline'
      ? []
      : await inParallel(prepared, port.concurrency, host =>
          carryOut(plan, { ...host, port: { ...host.port, guard } }, preview, options),
        );
  const base = {
    version: 1,
    id: options.id,
    intent: plan.intent,
    goal: plan.goal,
    plan,
    startedAt: new Date(startedAt).toISOString(),
    duration: port.clock.monotonic() - begun,
    hosts: reports,
  } as const;
  if (answer === 'decline') {
    const error = new DeckhandError('approval.declined', 'The plan was declined; nothing was changed.');
    return { ...base, outcome: 'declined', error: error.toJSON() };
  }
  return { ...base, ...overallOutcome(reports) };
}

/** How a run ended, from how it ended on each host. */
export function overallOutcome(reports: readonly HostReport[]): Pick<RunReport, 'outcome' | 'error'> {
  const failed = reports.filter(report => report.outcome === 'failed');
  if (failed.length === 0) return { outcome: 'proved' };
  return { outcome: 'failed', error: overallError(reports, failed).toJSON() };
}

function overallError(reports: readonly HostReport[], failed: readonly HostReport[]): DeckhandError {
  const names = failed.map(report => report.host).join(', ');
  const first = failed[0]?.error;
  if (failed.length < reports.length) {
    return new DeckhandError(
      'run.some-hosts-failed',
      `${failed.length} of ${reports.length} hosts failed: ${names}.`,
    );
  }
  if (first && failed.every(report => report.error?.code === first.code)) {
    return new DeckhandError(first.code, first.message, { details: first.details, hint: first.hint });
  }
  return new DeckhandError('command.failed', `All hosts failed: ${names}.`, {
    hint: 'Read each host’s error in the report.',
  });
}

async function prepare(
  plan: Plan,
  hosts: readonly string[],
  port: AgentRunPort,
  { signal, round = 0 }: Pick<AgentRunOptions, 'signal' | 'round'>,
): Promise<readonly PreparedHost[]> {
  return await inParallel(hosts, port.concurrency, async host => {
    const door = port.door(host);
    const journal = new RunJournal();
    const stepPort: StepPort = {
      host,
      run: door.run,
      journal,
      clock: port.clock,
      emit: port.emit,
      corrections: port.corrections,
      onOutput: (stream, bytes) => port.emit({ kind: 'output', host, stream, bytes }),
      // until the plan is approved, nothing of it runs
      guard: guardOf(hosts, port.policy, [], port.audit),
      round,
      keep: {
        ...port.keep(host),
        guardUndo: step => guardOf(hosts, port.policy, judgeStep(step, hosts, port.policy), port.audit),
      },
    };
    const base = { host, door, port: stepPort, journal } as const;
    try {
      port.emit({ kind: 'host-phase', host, phase: 'connecting' });
      const abilities = await port.abilities(host, signal);
      requireAbilities(plan, host, abilities);
      const look = await lookAtHost(stepPort, plan, signal);
      return { ...base, look, askedBefore: abilities.roundTrips };
    } catch (error) {
      signal.throwIfAborted();
      return { ...base, error: toDeckhandError(error) };
    }
  });
}

/** Refused before any change: states that this host's family or init system cannot hold. */
function requireAbilities(plan: Plan, host: string, abilities: HostAbilities): void {
  const kinds = new Set(plan.steps.flatMap(step => step.states.map(state => state.kind)));
  if (kinds.has('package') && abilities.family !== 'debian') {
    throw new DeckhandError(
      'host.unsupported',
      `${host}: packages are managed on the Debian family only; this host is '${abilities.family}'.`,
      {
        details: { host, family: abilities.family },
      },
    );
  }
  if (kinds.has('service') && !abilities.systemd) {
    throw new DeckhandError('host.unsupported', `${host}: services need systemd, which does not run there.`, {
      details: { host },
    });
  }
}

function toPreview(
  plan: Plan,
  names: readonly string[],
  prepared: readonly PreparedHost[],
  { policy }: Pick<AgentRunPort, 'policy'>,
  earlier?: Plan,
): PlanPreview {
  const hosts = prepared.map(
    ({ host, look, error }): HostPreview =>
      look
        ? look.preview
        : { host, pending: [], openPostconditions: [], ...(error ? { error: error.toJSON() } : {}) },
  );
  return {
    plan,
    hash: approvalHash(names, plan),
    steps: planSteps(plan),
    hosts,
    ...judgedPreview(plan, names, policy),
    ...(earlier ? { difference: planDifference(earlier, plan) } : {}),
  };
}

/**
 * Nothing to change needs no approval, and what the policy lets run unasked neither (`unasked`: only that may run);
 * otherwise somebody must say yes to exactly this.
 */
async function askApproval(
  preview: PlanPreview,
  hosts: readonly string[],
  port: AgentRunPort,
  options: AgentRunOptions,
): Promise<'approve' | 'decline' | 'unasked'> {
  if (preview.hosts.every(host => host.pending.length === 0)) return 'unasked';
  await refuseForbidden(preview, hosts, port.audit);
  if (runsUnasked(preview)) {
    const why = `nobody was asked: the mode ${port.policy.mode} and its rules let all of it run`;
    await port.audit(planEntry('policy.unasked', preview, hosts, why));
    return 'unasked';
  }
  if (await options.covered?.(preview.hash)) return 'approve';
  const title = `${preview.plan.goal} on ${preview.hosts.map(host => host.host).join(', ')}`;
  const approval = options.approvalId === undefined ? {} : { approval: options.approvalId };
  port.emit({ kind: 'approval-requested', hash: preview.hash, title, ...approval });
  if (!options.approve) {
    throw new DeckhandError('approval.needed', `Nobody approved: ${title}.`, {
      details: { hash: preview.hash },
    });
  }
  if ((await options.approve({ preview })) !== 'approve') return 'decline';
  await port.audit(planEntry('policy.approved', preview, hosts, 'by whoever submitted it'));
  return 'approve';
}

async function carryOut(
  plan: Plan,
  prepared: PreparedHost,
  preview: PlanPreview,
  options: AgentRunOptions,
): Promise<HostReport> {
  const { host, door, port, journal, askedBefore = 0 } = prepared;
  const report = await runOrFail(plan, prepared, preview, options);
  const error = report.error;
  port.emit({ kind: 'host-completed', host, outcome: report.outcome, ...(error ? { error } : {}) });
  return { ...report, roundTrips: door.roundTrips + askedBefore, commandRuns: journal.records };
}

async function runOrFail(
  plan: Plan,
  { host, port, look, error }: PreparedHost,
  preview: PlanPreview,
  options: AgentRunOptions,
): Promise<Omit<HostReport, 'roundTrips' | 'commandRuns'>> {
  const empty = { host, outcome: 'failed', changed: 0, steps: [], proofs: [], findings: [] } as const;
  if (!look)
    return {
      ...empty,
      error: (error ?? new DeckhandError('internal.defect', `${host}: was not looked at.`)).toJSON(),
    };
  try {
    const confirm = confirmOf(host, preview, options);
    const memory = options.memory?.(host);
    return await runOnHost(port, plan, look, options.signal, {
      ...(confirm ? { confirm } : {}),
      ...(memory ? { memory } : {}),
      limit: options.stepsAtOnce ?? 1,
    });
  } catch (thrown) {
    return { ...empty, error: toDeckhandError(thrown).toJSON() };
  }
}

function confirmOf(
  host: string,
  preview: PlanPreview,
  options: AgentRunOptions,
): ((step: Step) => Promise<'approve' | 'skip'>) | undefined {
  const { approve } = options;
  if (!options.confirmSteps || !approve) return undefined;
  return async step => {
    const answer = await approve({ preview, step, host });
    if (answer === 'decline')
      throw new DeckhandError('approval.declined', `Step '${step.title}' was declined; the run stops here.`);
    return answer;
  };
}
