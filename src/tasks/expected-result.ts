import type { CommandRun } from '../core/command-run.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { Expected, State } from '../core/state.ts';
import { holdsPattern } from '../core/text-pattern.ts';
import { headAndTail, showBytes } from '../core/untrusted.ts';

/** Characters of an output that an error carries. */
const EVIDENCE = 4000;

/** What a state's command must end with and print; null: nothing beyond exit code 0. */
export function expectedOf(state: State): Expected | null {
  return state.kind === 'command' ? (state.expected ?? null) : null;
}

/** True: the command ended as it should, whatever the code. A run whose end nobody saw never did. */
export function endedAsExpected(run: CommandRun, expected: Expected | null): boolean {
  if (run.verdict !== 'succeeded' && run.verdict !== 'failed') return false;
  return run.exitCode !== null && (expected?.exitCodes ?? [0]).includes(run.exitCode);
}

/**
 * How a command that ended well compares with what was expected, in words for the report; undefined: nothing was.
 * Throws `step.output-unexpected`.
 */
export function requireExpected(
  run: CommandRun,
  what: string,
  expected: Expected | null,
): string | undefined {
  if (expected === null) return undefined;
  const { exitCodes, text } = expected;
  const output = `${showBytes(run.stdout)}\n${showBytes(run.stderr)}`;
  const fault = endedAsExpected(run, expected)
    ? text === undefined || holdsPattern(output, text)
      ? null
      : `its output does not hold ${JSON.stringify(text)}${run.truncated ? ' in what was kept of it' : ''}`
    : `it ended with exit code ${run.exitCode}, and ${exitCodes.join(' or ')} was expected`;
  if (fault === null)
    return `exit ${run.exitCode}${text === undefined ? '' : `, printed ${JSON.stringify(text)}`}, as expected`;
  throw new DeckhandError('step.output-unexpected', `${what}: ${fault}.`, {
    details: { runId: run.id, exitCode: run.exitCode, evidence: headAndTail(output.trim(), EVIDENCE) },
  });
}
