import { constants } from 'node:os';
import type { ExecHostResult, ExecReport } from '../api/contract.ts';
import type { ErrorRecord } from '../core/deckhand-error.ts';
import { ERROR_TABLE, EXIT } from '../core/error-table.ts';
import type { PlanPreview, RunReport } from '../core/run-report.ts';

/** The exit code of one error. */
export function exitCodeOfError(error: Pick<ErrorRecord, 'code'>): number {
  return EXIT[ERROR_TABLE[error.code].exit];
}

/** One host's outcome as the decision sees it: null = fine, else the exit code it alone would give. */
type HostExit = number | null;

/**
 * Several hosts to one code: 0 when all are fine; the shared code when all failed alike, 1 when all
 * failed differently; 3 when some failed; 130 whenever a person stopped it.
 */
export function combineExits(exits: readonly HostExit[]): number {
  const failed = exits.filter(exit => exit !== null);
  if (failed.length === 0) return EXIT.ok;
  if (failed.includes(EXIT.interrupted)) return EXIT.interrupted;
  if (failed.length < exits.length) return EXIT.someHostsFailed;
  const [first = EXIT.failed] = failed;
  return failed.every(exit => exit === first) ? first : EXIT.failed;
}

/** Any list of per-host answers that carry an error when they failed. */
export function exitCodeOfHosts(answers: readonly { readonly error?: ErrorRecord | undefined }[]): number {
  return combineExits(answers.map(answer => (answer.error ? exitCodeOfError(answer.error) : null)));
}

/** The exit code of a run: declined 7, proved 0, else by its hosts; a run that reached no host gives its error's. */
export function exitCodeOfRun(report: Pick<RunReport, 'outcome' | 'error'> & HostOutcomes): number {
  if (report.outcome === 'proved') return EXIT.ok;
  if (report.error && exitCodeOfError(report.error) === EXIT.interrupted) return EXIT.interrupted;
  if (report.outcome === 'declined') return EXIT.approvalNeeded;
  const failed = report.hosts.some(host => host.outcome === 'failed');
  if (!failed) return report.error ? exitCodeOfError(report.error) : EXIT.failed;
  return combineExits(
    report.hosts.map(host => {
      if (host.outcome === 'proved') return null;
      return host.error ? exitCodeOfError(host.error) : EXIT.failed;
    }),
  );
}
interface HostOutcomes {
  readonly hosts: readonly { readonly outcome: 'proved' | 'failed'; readonly error?: ErrorRecord }[];
}

/** The exit code of a preview: 10 when something would change, 0 when not, else as for runs. */
export function exitCodeOfPreview(preview: Pick<PlanPreview, 'hosts'>): number {
  const hosts = exitCodeOfHosts(preview.hosts);
  if (hosts !== EXIT.ok) return hosts;
  return preview.hosts.some(host => host.pending.length > 0) ? EXIT.changesPending : EXIT.ok;
}

/** The exit code of `exec`: on one host the remote one (as ssh does), on several 0, 1 or 3. */
export function exitCodeOfExec(report: ExecReport): number {
  const [only] = report.results;
  if (report.results.length === 1 && only) return exitOfOne(only);
  return combineExits(
    report.results.map(result => {
      if (result.verdict === 'succeeded') return null;
      return result.error ? exitCodeOfError(result.error) : EXIT.failed;
    }),
  );
}

function exitOfOne(result: ExecHostResult): number {
  if (result.verdict === 'succeeded') return EXIT.ok;
  if (result.verdict === 'failed' && result.exitCode !== null && result.exitCode > 0) return result.exitCode;
  if (result.error) return exitCodeOfError(result.error);
  if (result.signal !== null) return exitOfSignal(result.signal);
  return EXIT.failed;
}

/** 128 + the signal's number, as shells say it. */
export function exitOfSignal(signal: string): number {
  const number = (constants.signals as Readonly<Record<string, number>>)[`SIG${signal}`];
  return number === undefined ? EXIT.failed : 128 + number;
}
