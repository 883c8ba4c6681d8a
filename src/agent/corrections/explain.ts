import type { CommandRun } from '../../core/command-run.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { lastLine } from './last-line.ts';
import { type Recognised, recognise, textsOf } from './recognise.ts';

/** What is known of a failure beyond what the command itself printed. */
export interface Cause {
  readonly recognised: readonly Recognised[];
  /** The journal of the unit, where it was read. */
  readonly journal?: string;
}

export function causeOf(run: CommandRun): Cause {
  return { recognised: recognise(textsOf(run)) };
}

/** A failed run as an error with its cause and next step. `cause` absent: what the run printed. */
export function explainFailure(run: CommandRun, what: string, cause: Cause = causeOf(run)): DeckhandError {
  const details = { runId: run.id, exitCode: run.exitCode, signal: run.signal };
  if (run.verdict === 'unknown') {
    return new DeckhandError('command.unknown', `${what}: the command started, but nobody saw it end.`, {
      details,
    });
  }
  if (run.verdict === 'killed') {
    return new DeckhandError('command.killed', `${what}: ended by signal ${run.signal ?? '?'}.`, { details });
  }
  const known = explained(cause.recognised);
  if (known) {
    const { id, code, cause: reason, nextStep } = known;
    const text = `${what}: ${reason} (exit ${run.exitCode}).`;
    return new DeckhandError(code, text, { details: { ...details, signature: id }, hint: nextStep });
  }
  const signature = cause.recognised[0]?.signature.id;
  const words = lastLine(cause.journal ?? '') || lastLine(textsOf(run)[0] ?? '');
  return new DeckhandError('command.failed', `${what}: exit ${run.exitCode}${words ? `: ${words}` : ''}.`, {
    details: { ...details, ...(signature === undefined ? {} : { signature }) },
    ...(signature === undefined
      ? {}
      : {
          hint: `Known as '${signature}' (docs/what-is-corrected.md); no correction mended it. Read its stderr.`,
        }),
  });
}

/** Why a command that ended well did not do what it should, where its words tell. */
export function explainedBy(runs: readonly CommandRun[]): ReturnType<typeof explained> {
  return explained(runs.flatMap(run => recognise(textsOf(run))));
}

function explained(recognised: readonly Recognised[]) {
  for (const { signature } of recognised) {
    const { id, action } = signature;
    if (action.kind === 'explain') return { id, ...action };
  }
  return undefined;
}
