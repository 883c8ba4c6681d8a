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
  const details = { host: run.host, runId: run.id, exitCode: run.exitCode, signal: run.signal };
  switch (run.verdict) {
    case 'succeeded':
      return undefined;
    case 'failed':
      return new DeckhandError(
        'command.failed',
        `${run.host}: the command ended with exit code ${run.exitCode}.`,
        { details },
      );
    case 'killed':
      return new DeckhandError(
        'command.killed',
        `${run.host}: the command was ended by signal ${run.signal}.`,
        { details },
      );
    case 'unknown':
      return new DeckhandError(
        'command.unknown',
        `${run.host}: the command started, but nobody saw it end.`,
        { details },
      );
  }
}
