import type { CommandRequest, CommandRun, OnOutput } from '../core/command-run.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { HostDoor } from './host-door.ts';

/** What `ssh.execute` did on one host: a run that was seen, or why there is none. Both after a timeout. */
export interface ExecuteOutcome {
  readonly host: string;
  readonly run?: CommandRun;
  readonly error?: DeckhandError;
}

/** Runs one command on one host. Never throws for what happens on the host: a failure is an outcome. */
export async function executeOnHost(
  door: HostDoor,
  request: CommandRequest,
  signal: AbortSignal,
  onOutput: OnOutput,
): Promise<ExecuteOutcome> {
  try {
    const run = await door.run(request, signal, onOutput);
    const error = errorOfRun(run);
    return error ? { host: request.host, run, error } : { host: request.host, run };
  } catch (error) {
    return { host: request.host, error: toDeckhandError(error) };
  }
}

/** A run that did not succeed, as an error; exit code and signal in the details. */
function errorOfRun(run: CommandRun): DeckhandError | undefined {
  if (run.verdict === 'succeeded') return undefined;
  const details = { host: run.host, runId: run.id, exitCode: run.exitCode, signal: run.signal };
  const ends = {
    failed: ['command.failed', `the command ended with exit code ${run.exitCode}`],
    killed: ['command.killed', `the command was ended by signal ${run.signal}`],
    unknown: ['command.unknown', 'the command started, but nobody saw it end'],
  } as const;
  const [code, text] = ends[run.verdict];
  return new DeckhandError(code, `${run.host}: ${text}.`, { details });
}
