import { applyStep, stepItems, type StepPort } from './apply-step.ts';
import { checkHost, checkUntil, type Observations } from './check-host.ts';
import type { Check, Plan, Step } from '../core/plan.ts';
import { stepsOf } from '../core/plan.ts';
import type { HostPreview, HostReport, PendingChange, ProofReport, StepReport } from '../core/run-report.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { CheckItem } from '../states/compile-checks.ts';
import { describeState } from '../states/registry.ts';
import { compareSnapshots, snapshotCheck, type Subject, subjectsOf } from '../states/snapshot.ts';

const EVIDENCE_LIMIT = 2000;

/** What one look at a host told: which steps hold, what is pending, which post-conditions are open. */
export interface HostLook {
  readonly observations: Observations;
  readonly preview: HostPreview;
}

function proofItems(checks: readonly Check[], kind: 'post' | 'report'): readonly CheckItem[] {
  return checks.map((check, index) => ({ id: `${kind}/${index}`, check }));
}

/** Asked together with the post-conditions, as the same account: it costs no round trip of its own. */
function snapshotItems(plan: Plan, host: string): readonly CheckItem[] {
  const subjects = declaredBy(plan, host);
  if (subjects.length === 0 || plan.postconditions.length === 0) return [];
  const root = plan.postconditions.some(({ privilege }) => privilege === 'root');
  return [{ id: 'snapshot', check: snapshotCheck(subjects, root ? 'root' : 'user') }];
}

function declaredBy(plan: Plan, host: string): readonly Subject[] {
  return subjectsOf(stepsOf(plan, host).flatMap(({ states }) => states));
}

/** Asks everything a plan wants to know of a host at once; changes nothing. */
export async function lookAtHost(port: StepPort, plan: Plan, signal: AbortSignal): Promise<HostLook> {
  const steps = stepsOf(plan, port.host);
  port.emit({ kind: 'host-phase', host: port.host, phase: 'checking' });
  const items = [
    ...steps.flatMap(stepItems),
    ...proofItems(plan.postconditions, 'post'),
    ...snapshotItems(plan, port.host),
  ];
  const observations = await checkHost(port, items, 'look at every state and post-condition', signal);
  const pending = steps.flatMap(step => pendingOf(step, observations));
  const open = plan.postconditions.filter((_, index) => observations.get(`post/${index}`)?.holds !== true);
  return {
    observations,
    preview: { host: port.host, pending, openPostconditions: open.map(check => check.title) },
  };
}

function pendingOf(step: Step, observations: Observations): readonly PendingChange[] {
  return step.states.flatMap((state, index) => {
    const seen = observations.get(`${step.id}/${index}`);
    return seen?.holds === true
      ? []
      : [{ stepId: step.id, state: describeState(state), diff: seen?.diff ?? [] }];
  });
}

/** What earlier claims of the same run finished: looked up by step, and added to. */
export interface StepMemory {
  readonly finished: (stepId: string) => StepReport | undefined;
  readonly remember: (report: StepReport) => Promise<void>;
}

/** Asked before each step that would change something, under `--confirm`. */
export type ConfirmStep = (step: Step) => Promise<'approve' | 'skip'>;

/**
 * Carries a plan out on one host, in dependency order. A failed step stops the steps that depend on
 * it; the others go on. The host counts as proved only when every post-condition was seen to hold.
 */
export async function runOnHost(
  port: StepPort,
  plan: Plan,
  look: HostLook,
  signal: AbortSignal,
  options: { readonly confirm?: ConfirmStep; readonly memory?: StepMemory } = {},
): Promise<Omit<HostReport, 'roundTrips' | 'commandRuns'>> {
  port.emit({ kind: 'host-phase', host: port.host, phase: 'running' });
  const steps = stepsOf(plan, port.host);
  const reports: StepReport[] = [];
  const unkept: StepReport[] = [];
  const keepHolding = async (): Promise<void> => {
    for (const report of unkept.splice(0)) await options.memory?.remember(report);
  };
  for (const [index, step] of steps.entries()) {
    port.emit({
      kind: 'step-started',
      host: port.host,
      stepId: step.id,
      title: step.title,
      index: index + 1,
      total: steps.length,
    });
    const startedAt = port.clock.monotonic();
    const changedBefore = reports.some(report => report.changes.length > 0);
    const known = options.memory?.finished(step.id);
    const { confirm } = options;
    const situation = { observations: look.observations, changedBefore, reports, confirm, keepHolding };
    const outcome = known ?? (await runStep(port, step, situation, signal));
    const report = known ?? { ...outcome, duration: port.clock.monotonic() - startedAt };
    if (!known && report.outcome === 'changed') await options.memory?.remember(report);
    if (!known && report.outcome === 'unchanged') unkept.push(report);
    reports.push(report);
    port.emit({ kind: 'step-completed', host: port.host, stepId: step.id, outcome: report.outcome, report });
    if (signal.aborted) break;
  }
  try {
    signal.throwIfAborted();
    return await proveHost(port, plan, look, reports, signal);
  } catch (error) {
    return unproved(port.host, reports, signal.aborted ? cancelled(port.host) : toDeckhandError(error));
  }
}

function cancelled(host: string): DeckhandError {
  return new DeckhandError('command.cancelled', `${host}: the run was cancelled.`);
}

/** What was done, when nothing could be proved after it: the person stopped it, or the host was lost. */
function unproved(
  host: string,
  steps: readonly StepReport[],
  error: DeckhandError,
): Omit<HostReport, 'roundTrips' | 'commandRuns'> {
  return {
    host,
    outcome: 'failed',
    changed: changesOf(steps),
    steps,
    proofs: [],
    findings: [],
    error: error.toJSON(),
  };
}

function changesOf(steps: readonly StepReport[]): number {
  return steps.reduce((sum, step) => sum + step.changes.length, 0);
}

interface StepSituation {
  readonly observations: Observations;
  readonly changedBefore: boolean;
  readonly reports: readonly StepReport[];
  readonly confirm: ConfirmStep | undefined;
  /**
   * Remembers the steps that were seen to hold. To be called before the first change after them: a later step may
   * build on what they made, and a later claim must not make it again.
   */
  readonly keepHolding: () => Promise<void>;
}

async function runStep(
  port: StepPort,
  step: Step,
  situation: StepSituation,
  signal: AbortSignal,
): Promise<Omit<StepReport, 'duration'>> {
  const base = { id: step.id, title: step.title, changes: [], corrections: [] } as const;
  const broken = situation.reports.find(
    report =>
      step.dependsOn.includes(report.id) && (report.outcome === 'failed' || report.outcome === 'skipped'),
  );
  const declined = situation.reports.some(
    report => report.outcome === 'failed' && report.error?.code === 'approval.declined',
  );
  if (declined) {
    const error = new DeckhandError('approval.declined', 'Not run: a person stopped the run before.');
    return { ...base, outcome: 'skipped', error: error.toJSON() };
  }
  if (broken) {
    const error = new DeckhandError(
      'step.dependency-failed',
      `Not run: it depends on '${broken.title}', which did not succeed.`,
    );
    return { ...base, outcome: 'skipped', error: error.toJSON() };
  }
  try {
    // An earlier step may have changed what this one sees; only then is it worth a round trip to look again.
    const seen = situation.changedBefore
      ? await checkHost(port, stepItems(step), `look: ${step.title}`, signal)
      : situation.observations;
    if (stepItems(step).every(item => seen.get(item.id)?.holds === true))
      return { ...base, outcome: 'unchanged' };
    if (situation.confirm && (await situation.confirm(step)) === 'skip') {
      const error = new DeckhandError('approval.declined', 'A person skipped this step.');
      return { ...base, outcome: 'skipped', error: error.toJSON() };
    }
    await requirePrerequisites(port, step, signal);
    await situation.keepHolding();
    const applied = await applyStep(port, step, seen, signal);
    const { changes, corrections, error } = applied;
    if (error) return { ...base, changes, corrections, outcome: 'failed', error: error.toJSON() };
    return { ...base, changes, corrections, outcome: changes.length > 0 ? 'changed' : 'unchanged' };
  } catch (error) {
    return { ...base, outcome: 'failed', error: toDeckhandError(error).toJSON() };
  }
}

/** Asked before anything of the step is done. Throws `step.prerequisite-unmet`. */
async function requirePrerequisites(port: StepPort, step: Step, signal: AbortSignal): Promise<void> {
  const checks = step.prerequisites ?? [];
  if (checks.length === 0) return;
  const items = checks.map((check, index) => ({ id: `${step.id}/needs-${index}`, check }));
  const seen = await checkUntil(port, items, `look what it needs: ${step.title}`, signal);
  const unmet = items.find(({ id }) => seen.get(id)?.holds !== true);
  if (!unmet) return;
  const observed = seen.get(unmet.id);
  throw new DeckhandError('step.prerequisite-unmet', `${step.title}: needs first: ${unmet.check.title}.`, {
    details: { runId: observed?.commandRunId, evidence: observed?.detail },
  });
}

async function proveHost(
  port: StepPort,
  plan: Plan,
  look: HostLook,
  steps: readonly StepReport[],
  signal: AbortSignal,
): Promise<Omit<HostReport, 'roundTrips' | 'commandRuns'>> {
  port.emit({ kind: 'host-phase', host: port.host, phase: 'proving' });
  const changed = changesOf(steps);
  const failed =
    steps.find(step => step.outcome === 'failed') ?? steps.find(step => step.outcome === 'skipped');
  const items = proofItems(plan.postconditions, 'post');
  // Nothing changed since the first look, and all of it held then: that look is the proof.
  const stillTrue = changed === 0 && items.every(item => look.observations.get(item.id)?.holds === true);
  const seen = stillTrue
    ? look.observations
    : await checkUntil(
        port,
        [...items, ...snapshotItems(plan, port.host)],
        'prove the post-conditions',
        signal,
      );
  const snapshot = (seenBy: Observations): string => seenBy.get('snapshot')?.detail ?? '';
  const differences = compareSnapshots(
    declaredBy(plan, port.host),
    snapshot(look.observations),
    snapshot(seen),
  );
  const proofs = plan.postconditions.map((check, index) => toProof(check, seen, `post/${index}`));
  for (const proof of proofs) port.emit({ kind: 'proof', host: port.host, proof });
  const findings = await readFindings(port, plan, signal);
  const told = differences.length === 0 ? {} : { differences };
  const base = { host: port.host, changed, steps, proofs, findings, ...told } as const;
  if (failed?.error) return { ...base, outcome: 'failed', error: failed.error };
  const open = proofs.find(proof => !proof.holds);
  if (!open) return { ...base, outcome: 'proved' };
  const error = new DeckhandError('run.postcondition-failed', `${port.host}: does not hold: ${open.title}.`, {
    details: { runId: open.commandRunId, evidence: open.evidence },
  });
  return { ...base, outcome: 'failed', error: error.toJSON() };
}

function toProof(check: Check, seen: Observations, id: string): ProofReport {
  const observed = seen.get(id);
  return {
    title: check.title,
    holds: observed?.holds === true,
    evidence: (observed?.detail ?? '').slice(0, EVIDENCE_LIMIT),
    commandRunId: observed?.commandRunId ?? '',
  };
}

async function readFindings(
  port: StepPort,
  plan: Plan,
  signal: AbortSignal,
): Promise<HostReport['findings']> {
  if (plan.report.length === 0) return [];
  const items = proofItems(plan.report, 'report');
  const seen = await checkHost(port, items, 'read the findings', signal);
  return plan.report.map((check, index) => {
    const observed = seen.get(`report/${index}`);
    return { title: check.title, text: observed?.detail ?? '', commandRunId: observed?.commandRunId ?? '' };
  });
}
