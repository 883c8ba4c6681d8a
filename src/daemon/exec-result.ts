import type { ExecHostResult } from '../api/contract.ts';
import type { ExecuteOutcome } from '../tasks/ssh-execute.ts';

/** One host's outcome in the words of the contract. `duration` (ms) counts when there is no run. */
export function toExecHostResult({ host, run, error }: ExecuteOutcome, duration: number): ExecHostResult {
  const record = error ? { error: error.toJSON() } : {};
  if (run) {
    const { id, verdict, exitCode, signal, stdout, stderr, stdoutBytes, stderrBytes, truncated } = run;
    const output = { stdout, stderr, stdoutBytes, stderrBytes, truncated };
    return { host, verdict, exitCode, signal, ...output, duration: run.duration, runId: id, ...record };
  }
  const nothing = new Uint8Array();
  return {
    host,
    verdict: 'error',
    exitCode: null,
    signal: null,
    stdout: nothing,
    stderr: nothing,
    stdoutBytes: 0,
    stderrBytes: 0,
    truncated: false,
    duration,
    runId: null,
    ...record,
  };
}
