import { stepItems, type StepPort } from './apply-step.ts';
import { runSteps, type StepOptions } from './run-steps.ts';
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

/** Did its author say what depends on what? Else the order they are written in may mean something. */
function isFree({ steps }: Plan): boolean {
  return steps.some(({ dependsOn, madeBy }) => dependsOn.length > 0 || madeBy === 'model');
}

/**
 * Carries a plan out on one host, in dependency order; what is independent and touches nothing of each other, together. A failed step stops the steps that depend on
 * it; the others go on. The host counts as proved only when every post-condition was seen to hold.
 */
export async function runOnHost(
  port: StepPort,
  plan: Plan,
  look: HostLook,
  signal: AbortSignal,
  options: StepOptions = {},
): Promise<Omit<HostReport, 'roundTrips' | 'commandRuns'>> {
  port.emit({ kind: 'host-phase', host: port.host, phase: 'running' });
  const steps = stepsOf(plan, port.host);
  const reports = await runSteps(
    port,
    steps,
    { ...options, look: look.observations, free: isFree(plan) },
    signal,
  );
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
  // After a failure it is told what holds; nothing is waited for.
  const ask = failed ? checkHost : checkUntil;
  // Nothing changed since the first look, and all of it held then: that look is the proof.
  const stillTrue = changed === 0 && items.every(item => look.observations.get(item.id)?.holds === true);
  const seen = stillTrue
    ? look.observations
    : await ask(port, [...items, ...snapshotItems(plan, port.host)], 'prove the post-conditions', signal);
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
