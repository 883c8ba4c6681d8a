import { DeckhandError } from '../core/deckhand-error.ts';
import type { HeldRequest } from './held-request.ts';
import type { StopReason } from './limits.ts';
import type { Offsets } from './run-state.ts';

/** Adds which run it was, and how far it was followed, to what went wrong. */
export function locate(error: unknown, runId: string, offsets: Offsets): unknown {
  if (!(error instanceof DeckhandError)) return error;
  const lost = error.code.startsWith('ssh.') ? { offsets } : {};
  const details = { ...error.details, run: runId, runId, ...lost };
  return new DeckhandError(error.code, error.message, {
    details,
    cause: error.cause ?? error,
    hint: error.hint,
  });
}

/** A run that was only to be looked for is not on the host. */
export function missingRun(request: HeldRequest): DeckhandError {
  return new DeckhandError(
    'command.unknown',
    `${request.host} knows no run ${request.id}: it never started there, or its files were removed.`,
    { details: { run: request.id, host: request.host, missing: true } },
  );
}

/** The command was stopped, and that was seen. */
export function stoppedError(request: HeldRequest, reason: StopReason): DeckhandError {
  const details = { run: request.id, host: request.host };
  if (reason === 'timeout') {
    const text = `The command on ${request.host} ran longer than ${request.timeout} ms and was stopped; none of its processes is left.`;
    return new DeckhandError('command.timeout', text, { details });
  }
  if (reason === 'idle-timeout') {
    const text = `The command on ${request.host} printed nothing for ${request.idleTimeout} ms and was stopped; none of its processes is left.`;
    return new DeckhandError('command.idle-timeout', text, { details });
  }
  return new DeckhandError(
    'command.cancelled',
    `The command on ${request.host} was cancelled; none of its processes is left.`,
    { details: { ...details, proved: true } },
  );
}

/** The host said that nothing of it is left; other errors of this code only say that somebody waits no longer. */
export function isProvedCancel({ code, details }: DeckhandError): boolean {
  return code === 'command.cancelled' && details['proved'] === true;
}

/** Called off before the host was asked for anything: what an earlier call began there is as it was. */
export function calledOff({ id, host }: HeldRequest): DeckhandError {
  const text = `The command on ${host} was cancelled before the host was asked.`;
  return new DeckhandError('command.cancelled', text, { details: { run: id, host } });
}

/** The command was told to stop, but something may be left. */
export function cancelUnproved(
  request: HeldRequest,
  pids: readonly number[],
  reason: StopReason,
  cause?: unknown,
): DeckhandError {
  const seen = pids.length > 0 ? `processes ${pids.join(', ')} are still there` : 'nobody saw it end';
  const options = { details: { run: request.id, host: request.host, pids, reason } };
  return new DeckhandError(
    'command.cancel-unproved',
    `The command on ${request.host} was told to stop (${reason}), but ${seen}.`,
    cause === undefined ? options : { ...options, cause },
  );
}

/** The caller let go of a run, which goes on as it was. */
export function leftAlone({ id, host }: HeldRequest): DeckhandError {
  return new DeckhandError('command.cancelled', `${host}: left the run ${id} as it is.`, {
    details: { host, runId: id, left: true },
  });
}
