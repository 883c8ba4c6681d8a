import type { ErrorRecord } from '../core/deckhand-error.ts';
import type { Plan } from '../core/plan.ts';
import type { HostReport, RunDecision, StepReport } from '../core/run-report.ts';

/** One time of look, approve, carry out, prove. What is decided after it makes the next. Kept as data. */
export interface Round {
  /** From 0. */
  readonly number: number;
  readonly plan: Plan;
  /** The plan before, when this one differs. */
  readonly earlier?: Plan;
  /** Hosts that the plan speaks of. */
  readonly hosts: readonly string[];
  /** Those that are not proved yet. */
  readonly only: readonly string[];
  /** Reports of all hosts so far, the latest of each. */
  readonly done: readonly HostReport[];
  /** Repairs of a step on a host: `host/step` → how many. */
  readonly repairs: Readonly<Record<string, number>>;
  readonly replans: number;
  /** Failures that were seen, so that the same one twice is known. */
  readonly seen: readonly string[];
  readonly decisions: readonly RunDecision[];
}

export function firstRound(plan: Plan, hosts: readonly string[]): Round {
  const none = { done: [], repairs: {}, replans: 0, seen: [], decisions: [] };
  return { number: 0, plan, hosts, only: hosts, ...none };
}

/** `install-nginx-r1-r2` is still `install-nginx`. */
export function baseOf(stepId: string): string {
  return stepId.replace(/(?:-r\d+)+$/, '');
}

/** Which step failed on a host; null: all ran, and the result does not hold. */
export function failedStep(report: HostReport): StepReport | null {
  return report.steps.find(({ outcome }) => outcome === 'failed') ?? null;
}

/** The same failure of the same step, whatever run it came from. */
export function failureKey(host: string, stepId: string, error: ErrorRecord | undefined): string {
  const message = (error?.message ?? '').replaceAll(/\d+/g, '0');
  return `${host}/${baseOf(stepId)}: ${error?.code ?? ''}: ${message}`.slice(0, 500);
}

const KINDS = [
  'command.failed',
  'command.timeout',
  'command.idle-timeout',
  'host.disk-full',
  'run.postcondition-failed',
];

/** True: a failure that another command may mend. Links, passwords, a person's no and the policy's are none. */
export function mayBeMended(error: ErrorRecord | undefined): boolean {
  return error !== undefined && (KINDS.includes(error.code) || error.code.startsWith('step.'));
}

/** True: a no of a person or of the policy, or a budget that is used up, speaks of the whole run. */
export function endsRun(error: ErrorRecord | undefined): boolean {
  return ['approval.', 'policy.', 'planner.'].some(area => error?.code.startsWith(area));
}

/** What a host has been through: the latest look counts, earlier changes stay told. */
export function mergeReports(
  earlier: readonly HostReport[],
  latest: readonly HostReport[],
  order: readonly string[],
): readonly HostReport[] {
  const byHost = new Map(earlier.map(report => [report.host, report]));
  for (const report of latest) {
    const before = byHost.get(report.host);
    byHost.set(report.host, before ? mergeHost(before, report) : report);
  }
  return order.flatMap(host => byHost.get(host) ?? []);
}

function mergeHost(before: HostReport, after: HostReport): HostReport {
  const told = new Map(before.steps.map(step => [step.id, step]));
  const steps = after.steps.map(step => {
    const old = told.get(step.id);
    told.delete(step.id);
    return old ? mergeStep(old, step) : step;
  });
  const gone = [...told.values()].filter(({ changes }) => changes.length > 0);
  const all = [...gone, ...steps];
  return {
    ...after,
    steps: all,
    changed: all.reduce((sum, { changes }) => sum + changes.length, 0),
    commandRuns: [...before.commandRuns, ...after.commandRuns],
    roundTrips: before.roundTrips + after.roundTrips,
  };
}

function mergeStep(before: StepReport, after: StepReport): StepReport {
  const changes = [...before.changes, ...after.changes];
  return {
    ...after,
    outcome: after.outcome === 'unchanged' && changes.length > 0 ? 'changed' : after.outcome,
    duration: before.duration + after.duration,
    changes,
    corrections: [...before.corrections, ...after.corrections],
  };
}
