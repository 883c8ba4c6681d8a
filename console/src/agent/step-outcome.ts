import type { RunReport, StepReport } from 'deckhand/client';

/** What the report of a run says of one step, on all its hosts together. */
export interface StepOutcomeView {
  /** What worked before it and did not after it, a sentence each, with the host. */
  readonly lost: readonly string[];
  /** Taken back at once, because the settings say so; how that ended. */
  readonly undone: readonly string[];
  /** Hosts on which what it changed was kept and can be brought back. */
  readonly keptOn: readonly string[];
  /** What of it cannot be taken back, a sentence each, with the host. */
  readonly uncovered: readonly string[];
}

const NOTHING: StepOutcomeView = { lost: [], undone: [], keptOn: [], uncovered: [] };

/** The report of an agent run that is over; null where a task left none. */
export function reportOf(result: Readonly<Record<string, unknown>> | null | undefined): RunReport | null {
  return (result?.['report'] as RunReport | null | undefined) ?? null;
}

/** By step id. Pure. */
export function outcomesOf(report: RunReport | null): ReadonlyMap<string, StepOutcomeView> {
  const outcomes = new Map<string, StepOutcomeView>();
  for (const { host, steps } of report?.hosts ?? [])
    for (const step of steps) outcomes.set(step.id, withHost(outcomes.get(step.id) ?? NOTHING, host, step));
  return outcomes;
}

/** Steps that changed something on any host, in the order of the plan. */
export function changedSteps(report: RunReport): readonly { readonly id: string; readonly title: string }[] {
  const changed = new Set(
    report.hosts.flatMap(({ steps }) => steps.filter(({ undo }) => undo !== undefined).map(({ id }) => id)),
  );
  return report.plan.steps.filter(({ id }) => changed.has(id));
}

function withHost(before: StepOutcomeView, host: string, step: StepReport): StepOutcomeView {
  const { regressions = [], undone, undo } = step;
  const isKept = undo !== undefined && undo.subjects.length + undo.packages.length > 0;
  return {
    lost: [...before.lost, ...regressions.map(text => `${host}: ${text}`)],
    undone: [...before.undone, ...(undone ? [`${host}: ${undoneText(undone)}`] : [])],
    keptOn: [...before.keptOn, ...(isKept ? [host] : [])],
    uncovered: [...before.uncovered, ...(undo?.uncovered ?? []).map(text => `${host}: ${text}`)],
  };
}

function undoneText({ why, error }: NonNullable<StepReport['undone']>): string {
  return error ? `could not be taken back: ${error.message}` : `was taken back: ${why}`;
}
