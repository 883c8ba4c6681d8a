import { undoStates, undoStep } from '../agent/undo/undo-step.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { Step } from '../core/plan.ts';
import type { StepReport } from '../core/run-report.ts';
import { applyStep, stepItems, type StepPort } from './apply-step.ts';
import { checkHost } from './check-host.ts';

/** When a step is taken back without being asked: never, when something was lost by it, or also when it failed. */
export type UndoWhen = 'offer' | 'regression' | 'failure';

type Done = Omit<StepReport, 'id' | 'title' | 'duration'>;

/**
 * Takes a step back where the settings say so and the policy does not refuse it; else the report only names what was
 * lost. A step that was taken back has failed, whatever it came to.
 */
export async function undoAtOnce(port: StepPort, step: Step, done: Done, signal: AbortSignal): Promise<Done> {
  const why = reasonOf(port.keep?.undo ?? 'offer', done);
  const states = why === null ? [] : undoStates({ step, report: done });
  if (why === null || states.length === 0) return done;
  const undone = await takeBack(port, step, undoStep(step, states), signal);
  const lost = new DeckhandError('step.regressed', `${step.title}: ${why}; the step was taken back.`);
  const failed = done.error ?? (undone.error ? undefined : lost.toJSON());
  return {
    ...done,
    ...(failed ? { outcome: 'failed', error: failed } : {}),
    undone: { why, ...undone },
  };
}

function reasonOf(when: UndoWhen, { regressions = [], outcome, error }: Done): string | null {
  if (when === 'offer') return null;
  if (regressions.length > 0) return regressions.join('; ');
  return when === 'failure' && outcome === 'failed' ? (error?.message ?? 'it failed') : null;
}

type Undone = Omit<NonNullable<StepReport['undone']>, 'why'>;

async function takeBack(port: StepPort, step: Step, back: Step, signal: AbortSignal): Promise<Undone> {
  try {
    const guard = port.keep?.guardUndo(back);
    const seen = await checkHost(port, stepItems(back), `look: ${back.title}`, signal);
    const { changes, error } = await applyStep({ ...port, ...(guard ? { guard } : {}) }, back, seen, signal);
    const action = error ? `could not be taken back: ${error.message}` : 'taken back';
    port.emit({ kind: 'decision', host: port.host, stepId: step.id, action: 'undo', reason: action });
    return { changes, ...(error ? { error: error.toJSON() } : {}) };
  } catch (error) {
    signal.throwIfAborted();
    return { changes: [], error: toDeckhandError(error).toJSON() };
  }
}
