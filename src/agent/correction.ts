import type { CommandRun } from '../core/command-run.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { showBytes, tailOf } from '../core/untrusted.ts';
import { FAILURE_SIGNATURES, type FailureSignature, type RepairAction } from './failure-signatures.ts';

export interface ChosenCorrection {
  readonly signature: string;
  readonly action: RepairAction;
}

/** The signature a failed run shows, or undefined. Only the last 64 KiB of each stream are looked at. */
export function recognise(run: CommandRun): FailureSignature | undefined {
  if (run.verdict === 'succeeded') return undefined;
  const text = `${tailOf(showBytes(run.stderr), 65_536)}\n${tailOf(showBytes(run.stdout), 65_536)}`;
  return FAILURE_SIGNATURES.find(signature => signature.pattern.test(text));
}

/**
 * The correction for a failed run, at most once per signature and at most two per step; undefined when
 * there is none to make. What was cut off (`unknown`, `killed`) is never repeated by itself.
 */
export function chooseCorrection(
  run: CommandRun,
  alreadyTried: readonly string[],
): ChosenCorrection | undefined {
  if (run.verdict !== 'failed' || alreadyTried.length >= 2) return undefined;
  const signature = recognise(run);
  if (!signature || signature.action.kind !== 'repair' || alreadyTried.includes(signature.id))
    return undefined;
  return { signature: signature.id, action: signature.action };
}

/** A failed run as an error with its cause and next step. */
export function explainFailure(run: CommandRun, what: string): DeckhandError {
  const details = { runId: run.id, exitCode: run.exitCode, signal: run.signal };
  if (run.verdict === 'unknown') {
    return new DeckhandError('command.unknown', `${what}: the command started, but nobody saw it end.`, {
      details,
    });
  }
  if (run.verdict === 'killed') {
    return new DeckhandError('command.killed', `${what}: ended by signal ${run.signal ?? '?'}.`, { details });
  }
  const signature = recognise(run);
  if (signature?.action.kind === 'explain') {
    const { code, cause, nextStep } = signature.action;
    return new DeckhandError(code, `${what}: ${cause} (exit ${run.exitCode}).`, {
      details: { ...details, signature: signature.id },
      hint: nextStep,
    });
  }
  const lastLine = showBytes(run.stderr).trim().split('\n').at(-1)?.slice(0, 300);
  return new DeckhandError(
    'command.failed',
    `${what}: exit ${run.exitCode}${lastLine ? `: ${lastLine}` : ''}.`,
    { details },
  );
}
