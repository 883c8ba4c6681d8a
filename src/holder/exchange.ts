import { DeckhandError } from '../core/deckhand-error.ts';
import { sanitiseText, tailOf } from '../core/untrusted.ts';
import type { ExecuteResult, SshConnection } from '../ssh/connection.ts';
import { deliver, settled } from './delivery.ts';
import { type Frame, FrameParser } from './frame-parser.ts';
import { launchHolder, type PrivilegeRoute } from './launch-command.ts';
import { newMarker, type RandomSource } from './marker.ts';
import { passwordRefused, privilegeNeeded, reasonOf } from './privilege.ts';
import { type Offsets, type RunState, START } from './run-state.ts';

export interface Exchange {
  readonly route: PrivilegeRoute;
  /** Verb and what belongs to it: words of letters, digits and `-` only. */
  readonly words: readonly string[];
  readonly payload?: (marker: string) => Uint8Array;
  readonly signal: AbortSignal;
  /** A returned promise holds the channel back until it settles. */
  readonly onFrame?: (frame: Frame) => void | Promise<void>;
  readonly offsets?: Offsets;
  readonly random?: RandomSource;
}

/**
 * Asks the holder on the host one thing and hands its frames on; installs it first where it is
 * missing (one more round trip, once per host and account). Resolves with the end state. Throws
 * `privilege.*`, `ssh.*`, `host.disk-full`, `host.unsupported`.
 */
export async function exchange(connection: SshConnection, request: Exchange): Promise<RunState> {
  const first = await attempt(connection, request, false);
  if (first !== 'need-install') return first;
  const second = await attempt(connection, request, true);
  if (second === 'need-install') throw failure(connection, 'install', '');
  return second;
}

async function attempt(
  connection: SshConnection,
  request: Exchange,
  install: boolean,
): Promise<RunState | 'need-install'> {
  const marker = newMarker(request.random);
  let end: RunState | 'need-install' | undefined;
  let failed: string | undefined;
  let broken: unknown;
  let lost = false;
  let inHand: Promise<void> | undefined;
  const read: Frame[] = [];
  const parser = new FrameParser(
    marker,
    frame => {
      if (frame.kind === 'end') end = frame.state;
      else if (frame.kind === 'need-install') end = 'need-install';
      else if (frame.kind === 'failed') failed = frame.reason;
      else read.push(frame);
    },
    request.offsets ?? START,
  );
  const take = (frame: Frame): void | Promise<void> => request.onFrame?.(frame);
  const payload = request.payload?.(marker) ?? new Uint8Array();
  const launch = launchHolder(request.route, marker, request.words, payload, install);
  const abort = new AbortController();
  const forward = (): void => abort.abort(request.signal.reason);
  request.signal.addEventListener('abort', forward, { once: true });
  if (request.signal.aborted) forward();
  // With the answer complete, nobody needs to wait for the channel to close.
  const answered = Promise.withResolvers<undefined>();
  const answerWhenTaken = async (): Promise<void> => {
    await inHand;
    if (end !== undefined && inHand === undefined) answered.resolve(undefined);
  };
  let result: ExecuteResult | undefined;
  try {
    const ended = connection.execute(launch.command, {
      signal: abort.signal,
      stdin: launch.stdin,
      collectLimit: 16 * 1024,
      // The supervisor of a run may live in the process group that a signal to the channel would reach.
      leaveRunning: true,
      onOutput: (stream, bytes) => {
        if (stream === 'stderr' || broken !== undefined) return;
        const stop = (error: unknown): void => {
          broken ??= error;
          abort.abort();
        };
        try {
          parser.push(bytes);
        } catch (error) {
          stop(error);
        }
        const hand = (): void | Promise<void> => deliver(read.splice(0), take, () => lost);
        try {
          // a channel may have one more piece in its hands when it is told to wait
          const handed = inHand === undefined ? hand() : inHand.then(hand);
          if (handed instanceof Promise) {
            const taken: Promise<void> = handed.catch(stop).finally(() => {
              if (inHand === taken) inHand = undefined;
            });
            inHand = taken;
          }
        } catch (error) {
          stop(error);
        }
        void answerWhenTaken();
        return inHand;
      },
    });
    ended.catch(() => undefined);
    result = await Promise.race([ended, answered.promise]);
  } catch (error) {
    // The answer was complete: how the channel ended no longer matters.
    lost = end === undefined && failed === undefined;
    // What the reader has in hand counts as seen; it must be through with it before anybody asks again.
    if (inHand !== undefined) await settled(inHand, request.signal);
    if (broken === undefined && lost) throw error;
  } finally {
    request.signal.removeEventListener('abort', forward);
  }
  if (broken !== undefined) throw broken;
  if (end !== undefined) return end;
  const stderr = result?.stderr ?? new Uint8Array();
  if (failed !== undefined) throw failure(connection, failed, new TextDecoder().decode(stderr));
  throw noAnswer(connection, request.route, parser.speaking, result);
}

function failure(connection: SshConnection, reason: string, stderr: string): DeckhandError {
  const said = tailOf(sanitiseText(stderr).trim(), 300);
  const host = connection.host.name;
  const details = { host, reason, said };
  if (/No space left|quota exceeded/i.test(stderr)) {
    return new DeckhandError('host.disk-full', `${host} has no room for the run's files: ${said}`, {
      details,
    });
  }
  if (reason === 'incomplete') {
    return new DeckhandError(
      'ssh.connection-lost',
      `The request did not reach ${host} whole; nothing was started.`,
      { details },
    );
  }
  return new DeckhandError(
    'host.unsupported',
    `The state directory of ${connection.host.user} on ${host} cannot be used (${reason}): ${said}`,
    { details },
  );
}

/** The channel ended without an end frame: why, as far as it can be told. */
export function noAnswer(
  connection: SshConnection,
  route: PrivilegeRoute,
  speaking: boolean,
  result: ExecuteResult | undefined,
): DeckhandError {
  const { name, user } = connection.host;
  if (!speaking && route.kind !== 'plain') {
    const password = route.kind === 'sudo-password' ? route.password : undefined;
    const reason = reasonOf(result?.stderr ?? new Uint8Array(), password);
    return password === undefined ? privilegeNeeded(connection, reason) : passwordRefused(connection, reason);
  }
  if (!speaking && result?.exitCode !== null && result?.exitCode !== undefined) {
    return new DeckhandError(
      'ssh.no-shell',
      `${user}@${name} logs in but did not run the command (exit ${result.exitCode}).`,
      { details: { host: name, user, exitCode: result.exitCode } },
    );
  }
  return new DeckhandError('ssh.connection-lost', `The channel to ${name} ended in the middle of the work.`, {
    details: { host: name },
  });
}
