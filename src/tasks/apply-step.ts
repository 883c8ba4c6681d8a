import { createHash } from 'node:crypto';
import { explainedBy } from '../agent/corrections/explain.ts';
import type { CommandRun, OnOutput } from '../core/command-run.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { Step } from '../core/plan.ts';
import type { Change, Correction } from '../core/run-report.ts';
import type { State } from '../core/state.ts';
import type { CheckItem } from '../states/compile-checks.ts';
import { applyState, describeState, privilegeOf } from '../states/registry.ts';
import { checkHost, checkUntil, type CheckPort, type Observations, type Observed } from './check-host.ts';
import { endedAsExpected, expectedOf, requireExpected } from './expected-result.ts';
import type { KeepPort } from './keep-before.ts';
import type { UndoWhen } from './undo-at-once.ts';
import type { RunEventBody } from '../core/run-event.ts';
import { correctOnce, type CorrectionPort } from './correct-step.ts';

const OUTPUT_LIMIT = 1024 * 1024;

export interface StepPort extends CheckPort {
  readonly emit: (event: RunEventBody) => void;
  readonly onOutput: OnOutput;
  /** Throws `policy.refused` or `policy.needs-approval` when the state must not be applied now. */
  readonly guard: (step: Step) => Promise<void>;
  /** Of the run: the same work of a later round is begun anew. */
  readonly round: number;
  readonly corrections: CorrectionPort;
  /** Keeps what a step may change, and compares afterwards; absent: a run that is repeated from its records. */
  readonly keep?: KeepPort & {
    readonly undo: UndoWhen;
    /** The guard for taking a step back at once: what the policy refuses stays refused. */
    readonly guardUndo: (step: Step) => StepPort['guard'];
  };
}

export interface AppliedStep {
  readonly changes: readonly Change[];
  readonly corrections: readonly Correction[];
  readonly error?: DeckhandError;
}

/** The questions that decide whether a step holds: its states, then its own checks. */
export function stepItems(step: Step): readonly CheckItem[] {
  return [
    ...step.states.map((state, index) => ({ id: `${step.id}/${index}`, state })),
    ...step.checks.map((check, index) => ({ id: `${step.id}/check-${index}`, check })),
  ];
}

/**
 * Makes the states of one step true, in order, each only when a fresh look says that it does not hold,
 * then asks the host whether the whole step holds. Never throws for a failure on the host.
 */
export async function applyStep(
  port: StepPort,
  step: Step,
  seen: Observations,
  signal: AbortSignal,
): Promise<AppliedStep> {
  const changes: Change[] = [];
  const corrections: Correction[] = [];
  const runs: CommandRun[] = [];
  try {
    let observations = seen;
    for (const [index, state] of step.states.entries()) {
      const id = `${step.id}/${index}`;
      // What an earlier state of this step changed may have changed this answer (a reload that is due now).
      if (changes.length > 0)
        observations = await checkHost(port, [{ id, state }], `look again: ${describeState(state)}`, signal);
      const observed = observations.get(id);
      if (observed?.holds === true) continue;
      if (observed?.holds === null) throw undecided(state, observed);
      const run = await applyWithCorrections(port, step, state, corrections, signal);
      runs.push(run);
      const change = { state: describeState(state), diff: observed?.diff ?? [], commandRunId: run.id };
      changes.push(change);
      const expected = requireExpected(run, describeState(state), expectedOf(state));
      if (expected !== undefined) changes[changes.length - 1] = { ...change, expected };
    }
    await proveStep(port, step, runs, signal);
    return { changes, corrections };
  } catch (error) {
    return { changes, corrections, error: toDeckhandError(error) };
  }
}

async function applyWithCorrections(
  port: StepPort,
  step: Step,
  state: State,
  corrections: Correction[],
  signal: AbortSignal,
): Promise<CommandRun> {
  const what = describeState(state);
  const runScript = async (
    script: string,
    purpose: string,
    timeout: number,
    attempt: number,
  ): Promise<CommandRun> => {
    const request = {
      host: port.host,
      key: keyOf(port, step.id, purpose, attempt),
      script,
      privilege: privilegeOf(state),
      timeout,
      outputLimit: OUTPUT_LIMIT,
      durable: true,
    } as const;
    await port.guard(step);
    port.emit({ kind: 'state-applying', host: port.host, stepId: step.id, state: what });
    const run = await port.run(request, signal, port.onOutput);
    port.journal.record(run, purpose);
    return run;
  };
  const failed = { port, step, state, corrections, runScript };
  let run = await runScript(applyState(state), `apply: ${what}`, step.timeout * 1000, 0);
  // ends: a step is corrected twice at most, and then its failure is thrown
  while (run.verdict !== 'succeeded' && !endedAsExpected(run, expectedOf(state)))
    run = await correctOnce(run, failed, signal);
  return run;
}

/** The same for the same script of the same step: a claim that goes on finds the run an earlier one began. */
function keyOf({ host, round }: StepPort, stepId: string, purpose: string, attempt: number): string {
  const parts = [host, stepId, purpose, attempt];
  const text = JSON.stringify(round === 0 ? parts : [...parts, round]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Some tools end with 0 and have failed: then what they said is looked up as well. */
async function proveStep(
  port: StepPort,
  step: Step,
  runs: readonly CommandRun[],
  signal: AbortSignal,
): Promise<void> {
  const observations = await checkUntil(port, stepItems(step), `prove step: ${step.title}`, signal);
  for (const item of stepItems(step)) {
    const observed = observations.get(item.id);
    if (observed?.holds === true) continue;
    const what = 'state' in item ? describeState(item.state) : item.check.title;
    const now = observed?.diff
      .map(line => `${line.field} is ${line.before || 'absent'}, wanted ${line.after}`)
      .join('; ');
    const known = explainedBy(runs);
    const text = `${what}: ran, but does not hold${now ? `: ${now}` : ''}${known ? `; it said that ${known.cause}` : ''}.`;
    throw new DeckhandError('step.check-failed', text, {
      details: { runId: observed?.commandRunId, evidence: observed?.detail, signature: known?.id },
      ...(known ? { hint: known.nextStep } : {}),
    });
  }
}

function undecided(state: State, observed: Observed): DeckhandError {
  return new DeckhandError(
    'step.check-unreadable',
    `${describeState(state)}: cannot be decided: ${observed.detail}`,
    {
      details: { runId: observed.commandRunId },
    },
  );
}
