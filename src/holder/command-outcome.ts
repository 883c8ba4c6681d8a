import type { CommandRequest, CommandRun, OutputStream, Verdict } from '../core/command-run.ts';
import type { OutputCollector } from './output-collector.ts';
import type { RunState } from './run-state.ts';

/** What is known of a run's end and output, without who asked for it. */
export type CommandOutcome = Pick<
  CommandRun,
  'verdict' | 'exitCode' | 'signal' | 'stdout' | 'stderr' | 'stdoutBytes' | 'stderrBytes' | 'truncated'
>;

/** The verdict of an ending; only exit code 0 that was read is a success. */
export function verdictOf(exitCode: number | null, signal: string | null): Verdict {
  if (signal !== null) return 'killed';
  if (exitCode === null) return 'unknown';
  return exitCode === 0 ? 'succeeded' : 'failed';
}

/** Joins an end state with what was collected. */
export function outcomeOf(state: RunState, collector: OutputCollector): CommandOutcome {
  const finished = state.state === 'finished' ? state : null;
  const exitCode = finished?.exitCode ?? null;
  const signal = finished?.signal ?? null;
  const total = (stream: OutputStream): number => finished?.total[stream] ?? collector.seen(stream);
  const uncounted = finished !== null && (finished.total.stdout === null || finished.total.stderr === null);
  const cut = (stream: OutputStream): boolean => total(stream) > collector.passed(stream);
  return {
    verdict: verdictOf(exitCode, signal),
    exitCode,
    signal,
    stdout: collector.bytes('stdout'),
    stderr: collector.bytes('stderr'),
    stdoutBytes: total('stdout'),
    stderrBytes: total('stderr'),
    truncated: uncounted || cut('stdout') || cut('stderr'),
  };
}

/** The full record of a run. */
export function commandRun(
  id: string,
  request: Pick<CommandRequest, 'host' | 'script' | 'privilege'>,
  timing: { readonly startedAt: number; readonly duration: number },
  outcome: CommandOutcome,
): CommandRun {
  return {
    id,
    host: request.host,
    script: request.script,
    privilege: request.privilege,
    startedAt: timing.startedAt,
    duration: timing.duration,
    ...outcome,
  };
}
