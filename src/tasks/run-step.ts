import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { Step } from '../core/plan.ts';
import type { StepReport } from '../core/run-report.ts';
import { type AppliedStep, applyStep, stepItems, type StepPort } from './apply-step.ts';
import { checkHost, checkUntil, type Observations } from './check-host.ts';
import { describeState } from '../states/registry.ts';
import { compareAfter, keepBefore } from './keep-before.ts';
import { undoAtOnce } from './undo-at-once.ts';

/** Asked before each step that would change something, under `--confirm`. */
export type ConfirmStep = (step: Step) => Promise<'approve' | 'skip'>;

/** What a step finds when it begins. */
export interface StepSituation {
  /** Of the first look at the host. */
  readonly observations: Observations;
  /** True: an earlier step has begun to change something; the look may be out of date. */
  readonly changedBefore: boolean;
  /** True: an earlier claim began it and did not see its end. */
  readonly begunBefore: boolean;
  /** The steps that have run at the same time until now. */
  readonly beside: () => readonly Step[];
  /** Of the steps that have ended. */
  readonly reports: readonly StepReport[];
  readonly confirm: ConfirmStep | undefined;
  /** To be called, and waited for, before the first change. */
  readonly beforeChange: () => Promise<void>;
}

/** One step on one host: nothing when it holds; else asked, kept, done, proved and compared. Never throws. */
export async function runStep(
  port: StepPort,
  step: Step,
  situation: StepSituation,
  signal: AbortSignal,
): Promise<Omit<StepReport, 'duration'>> {
  const base = { id: step.id, title: step.title, changes: [], corrections: [] } as const;
  const barred = barredBy(step, situation.reports);
  if (barred) return { ...base, outcome: 'skipped', error: barred.toJSON() };
  try {
    // An earlier step may have changed what this one sees; only then is it worth a round trip to look again.
    const seen = situation.changedBefore
      ? await checkHost(port, stepItems(step), `look: ${step.title}`, signal)
      : situation.observations;
    if (stepItems(step).every(item => seen.get(item.id)?.holds === true))
      return {
        ...base,
        ...(situation.begunBefore ? await endedUnseen(port, step, situation, signal) : UNCHANGED),
      };
    if (situation.confirm && (await situation.confirm(step)) === 'skip') {
      const error = new DeckhandError('approval.declined', 'A person skipped this step.');
      return { ...base, outcome: 'skipped', error: error.toJSON() };
    }
    await requirePrerequisites(port, step, signal);
    await situation.beforeChange();
    const done = await changeHost(port, step, { ...situation, observations: seen }, signal);
    return { ...base, ...(situation.begunBefore ? interrupted(step, done) : done) };
  } catch (error) {
    return { ...base, outcome: 'failed', error: toDeckhandError(error).toJSON() };
  }
}

function barredBy(step: Step, reports: readonly StepReport[]): DeckhandError | null {
  if (reports.some(({ outcome, error }) => outcome === 'failed' && error?.code === 'approval.declined'))
    return new DeckhandError('approval.declined', 'Not run: a person stopped the run before.');
  const broken = reports.find(
    ({ id, outcome }) => step.dependsOn.includes(id) && (outcome === 'failed' || outcome === 'skipped'),
  );
  if (!broken) return null;
  return new DeckhandError(
    'step.dependency-failed',
    `Not run: it depends on '${broken.title}', which did not succeed.`,
  );
}

type Done = Omit<StepReport, 'id' | 'title' | 'duration'>;

async function changeHost(
  port: StepPort,
  step: Step,
  { observations, beside }: StepSituation,
  signal: AbortSignal,
): Promise<Done> {
  const { keep } = port;
  const before = keep && (await keepBefore(port, keep, step, signal));
  const applied = await applyStep(port, step, observations, signal);
  const done = outcomeOf(applied);
  const touched = applied.changes.length > 0 || applied.error !== undefined;
  // a run that is stopped looks no further: what was kept stays on the host
  if (!keep || !before || !touched || signal.aborted) return done;
  const compared = { ...done, ...(await compareAfter(port, keep, step, before, signal, beside)) };
  return await undoAtOnce(port, step, compared, signal);
}

const UNCHANGED: Done = { outcome: 'unchanged', changes: [], corrections: [] };

/** An earlier claim began the step, and it holds now: what was kept then tells what it has changed. */
async function endedUnseen(
  port: StepPort,
  step: Step,
  { beside }: StepSituation,
  signal: AbortSignal,
): Promise<Done> {
  const { keep } = port;
  if (!keep) return UNCHANGED;
  const before = await keepBefore(port, keep, step, signal);
  const compared = await compareAfter(port, keep, step, before, signal, beside);
  const commandRunId = port.journal.records.at(-1)?.id ?? '';
  const { subjects = [], packages = [] } = compared.undo ?? {};
  const changes = [
    ...subjects.map(({ of, name, was, left }) => ({ state: `${of} ${name}`, was, left })),
    ...packages.map(({ name, was, left }) => ({ state: `package ${name}`, was, left })),
  ].map(({ state, was, left }) => ({
    state,
    diff: [{ field: state, before: was, after: left }],
    commandRunId,
  }));
  const outcome = changes.length > 0 ? 'changed' : 'unchanged';
  return interrupted(step, { ...UNCHANGED, ...compared, outcome, changes });
}

/** Which commands ran before the run was interrupted is not known: they are not taken back, and that is said. */
function interrupted(step: Step, done: Done): Done {
  const known = new Set(done.changes.map(({ state }) => state));
  const unsure = step.states.flatMap(state =>
    state.kind === 'command' && !known.has(describeState(state))
      ? [`command ${state.title}: the run was interrupted, and whether it ran is not known`]
      : [],
  );
  if (!done.undo || unsure.length === 0) return done;
  return { ...done, undo: { ...done.undo, uncovered: [...done.undo.uncovered, ...unsure] } };
}

function outcomeOf({ changes, corrections, error }: AppliedStep): Done {
  if (error) return { changes, corrections, outcome: 'failed', error: error.toJSON() };
  return { changes, corrections, outcome: changes.length > 0 ? 'changed' : 'unchanged' };
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
