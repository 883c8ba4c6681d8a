import { DeckhandError, type ErrorRecord } from '../../core/deckhand-error.ts';
import type { ConnectResult, ExecuteResult, FactsResult, HostDoctorResult } from '../../core/task-params.ts';
import type { DoctorFinding, ExecHostResult, HostFacts, HostTest } from '../contract.ts';
import type { TaskView } from '../task-api.ts';
import type { KeptOutput } from './collected-output.ts';

const NOTHING: KeptOutput = {
  stdout: new Uint8Array(),
  stderr: new Uint8Array(),
  stdoutBytes: 0,
  stderrBytes: 0,
};

/** A record that crossed a process border, as an error to throw. */
export function errorOfRecord({ code, message, hint, details }: ErrorRecord): DeckhandError {
  return new DeckhandError(code, message, { hint, details });
}

/** Why a task did not succeed; its own words where it has some. Undefined when it succeeded. */
export function errorOfTask(task: TaskView): ErrorRecord | undefined {
  if (task.state === 'succeeded') return task.error ?? undefined;
  if (task.error) return task.error;
  const where = task.host === null ? task.id : `${task.host} (${task.id})`;
  switch (task.state) {
    case 'cancelled':
      return record('command.cancelled', `The work on ${where} was cancelled.`);
    case 'skipped':
      return record('task.dependency-failed', `The work on ${where} was left out.`);
    case 'lost':
      return record('task.lost', `Nobody saw how the work on ${where} ended.`);
    default:
      return record('internal.defect', `The work on ${where} is ${task.state} and says no reason.`);
  }
}

/** For a task that was asked to stop and was not seen to end in time. */
export function unprovedCancel(task: TaskView): ErrorRecord {
  const where = task.host === null ? '' : ` on ${task.host}`;
  const message = `The cancel of ${task.id}${where} was asked for, but its end was not seen in time.`;
  const hint = `Look at it with \`deckhand task show ${task.id}\`.`;
  return new DeckhandError('command.cancel-unproved', message, { hint }).toJSON();
}

function record(code: DeckhandError['code'], message: string): ErrorRecord {
  return new DeckhandError(code, message).toJSON();
}

/** `ssh.execute` of one host in the words of the contract. */
export function toExecHostResult(
  task: TaskView,
  output: KeptOutput = NOTHING,
  error: ErrorRecord | undefined = errorOfTask(task),
): ExecHostResult {
  const host = task.host ?? task.id;
  const kept = { stdout: output.stdout, stderr: output.stderr };
  const failure = error ? { error } : {};
  const result = task.result as ExecuteResult | null;
  if (result) {
    const { verdict, exitCode, signal, truncated, duration, runId } = result;
    const stdoutBytes = Math.max(result.stdoutBytes, output.stdoutBytes);
    const stderrBytes = Math.max(result.stderrBytes, output.stderrBytes);
    const cut = truncated || kept.stdout.length < stdoutBytes || kept.stderr.length < stderrBytes;
    const counted = { stdoutBytes, stderrBytes, truncated: cut };
    return {
      host,
      task: task.id,
      verdict,
      exitCode,
      signal,
      ...kept,
      ...counted,
      duration,
      runId,
      ...failure,
    };
  }
  return {
    host,
    task: task.id,
    verdict: 'error',
    exitCode: null,
    signal: null,
    ...kept,
    stdoutBytes: output.stdoutBytes,
    stderrBytes: output.stderrBytes,
    truncated: kept.stdout.length < output.stdoutBytes || kept.stderr.length < output.stderrBytes,
    duration: durationOf(task),
    runId: null,
    ...failure,
  };
}

/** Milliseconds from its first start to its end; 0 for what never started. */
function durationOf({ startedAt, finishedAt }: TaskView): number {
  return startedAt === null || finishedAt === null ? 0 : finishedAt - startedAt;
}

/** `ssh.connect` of one host. */
export function toHostTest(task: TaskView): HostTest {
  const result = task.result as ConnectResult | null;
  const error = result?.error ?? errorOfTask(task);
  return {
    host: task.host ?? task.id,
    ok: result?.ok ?? false,
    stages: result?.stages ?? [],
    ...(error ? { error } : {}),
  };
}

/** `host.facts` of one host. */
export function toHostFacts(task: TaskView): HostFacts {
  const result = task.result as FactsResult | null;
  const error = errorOfTask(task);
  return {
    host: task.host ?? task.id,
    facts: result?.facts ?? null,
    age: result?.age ?? 0,
    ...(error ? { error } : {}),
  };
}

/** `host.doctor` of one host; a host that could not be asked is a finding as well. */
export function toFindings(task: TaskView): readonly DoctorFinding[] {
  const result = task.result as HostDoctorResult | null;
  if (result) return result.findings;
  const error = errorOfTask(task);
  const message = error ? `${error.code}: ${error.message}` : 'nothing was found out';
  const subject = task.host ?? task.id;
  return [{ subject, id: 'not-asked', status: 'fail', message, fix: error?.hint ?? null }];
}
