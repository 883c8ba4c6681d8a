import type { Clock } from '../core/clock.ts';
import type { CommandRun, OnOutput, Privilege } from '../core/command-run.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { SshConnection } from '../ssh/connection.ts';
import { type CommandOutcome, commandRun, outcomeOf } from './command-outcome.ts';
import { exchange } from './exchange.ts';
import type { Frame } from './frame-parser.ts';
import { checkId, checkRequest, type HeldRequest } from './held-request.ts';
import { howToRead, scriptPayload } from './launch-command.ts';
import { RunLimits, type StopReason } from './limits.ts';
import { OutputCollector } from './output-collector.ts';
import { type PrivilegeOptions, routeTo } from './privilege.ts';
import { Progress } from './progress.ts';
import { type Ask, type CancelOutcome, cancelRun, type PauseOutcome, pauseRun } from './run-control.ts';
import { calledOff, cancelUnproved, locate, missingRun, stoppedError, leftAlone } from './run-errors.ts';
import { type Offsets, type RunState, START } from './run-state.ts';

export type { HeldRequest } from './held-request.ts';
export type { CancelOutcome, PauseOutcome } from './run-control.ts';

export interface HolderOptions extends PrivilegeOptions {
  readonly clock: Clock;
  /** Milliseconds between TERM and KILL when a run is stopped. Default 2 000. */
  readonly grace?: number;
}

export interface FollowOptions {
  readonly privilege: Privilege;
  /** Where to go on. Default: from the beginning. */
  readonly offsets?: Offsets;
  readonly signal: AbortSignal;
  readonly onOutput?: OnOutput;
  /** Most bytes collected of each stream. Default 1 MiB. */
  readonly outputLimit?: number;
}

const DEFAULT_LIMIT = 1024 * 1024;
const DEFAULT_GRACE = 2000;
/** Milliseconds given to a cancel beyond its grace: KILL and look again (5 s), the end written down (5 s), the way there. */
const CANCEL_MARGIN = 20_000;

/**
 * Runs commands on one host so that they outlive the connection: each in a run directory on the
 * target, in its own session, at most once per id. Every method may throw `ssh.*`, `privilege.*`,
 * `host.disk-full` and `host.unsupported`.
 */
export class Holder {
  readonly #connection: SshConnection;
  readonly #options: HolderOptions;

  constructor(connection: SshConnection, options: HolderOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /**
   * Starts a command and follows it to its end; where the id was started before, only follows. A
   * caller that lost the connection calls again with the same id on a new one, and `seen` with what
   * `onOutput` got so far: the answer is the whole run again, `onOutput` gets only the rest. With
   * `attachOnly` nothing is started; `command.unknown` with `missing: true` where the id is not known.
   * Limits and abort stop the command on the host first, then throw `command.timeout`,
   * `command.idle-timeout` or `command.cancelled` — or `command.cancel-unproved` with the `pids`
   * left. Errors carry `runId` (and `offsets` when the connection was lost).
   */
  async run(
    request: HeldRequest,
    signal: AbortSignal,
    onOutput?: OnOutput,
    seen: Offsets = START,
  ): Promise<CommandRun> {
    checkRequest(request);
    if (signal.aborted) throw calledOff(request);
    const { clock } = this.#options;
    const startedAt = clock.now();
    const began = clock.monotonic();
    const collector = new OutputCollector(request.collect ?? request.outputLimit, request.outputLimit);
    const channel = new AbortController();
    const { leave, onStarted } = request;
    using limits = new RunLimits(clock, request, leave ? AbortSignal.any([signal, leave]) : signal);
    const progress = new Progress(collector, onOutput, seen, limits);
    if (onStarted) progress.onStarted = () => onStarted();
    const work = this.#start(request, channel.signal, progress).then(state => {
      progress.verifyComplete(state, this.#connection.host.name);
      return state;
    });
    const stopped = limits.reached.then(reason => ({ reason }));
    try {
      const first = await Promise.race([work, stopped]);
      if ('reason' in first && leave?.aborted) throw leftAlone(request);
      if ('reason' in first) return await this.#stop(request, first.reason, work);
      const timing = { startedAt, duration: clock.monotonic() - began };
      return commandRun(request.id, request, timing, outcomeOf(first, collector));
    } catch (error) {
      throw locate(error, request.id, progress.offsets);
    } finally {
      work.catch(() => undefined);
      channel.abort();
    }
  }

  /** Starts a command (once) and returns when it is running, or was before; follow it with `follow`. */
  async start(request: HeldRequest, signal: AbortSignal): Promise<{ readonly attached: boolean }> {
    checkRequest(request);
    if (request.attachOnly === true) {
      const { state } = await this.status(request.id, request.privilege, signal);
      if (state === 'missing') throw missingRun(request);
      return { attached: true };
    }
    const channel = new AbortController();
    const { promise, resolve } = Promise.withResolvers<{ readonly attached: boolean }>();
    const progress = new Progress(new OutputCollector(0), undefined, START);
    progress.onStarted = attached => resolve({ attached });
    const work = this.#start(request, AbortSignal.any([signal, channel.signal]), progress);
    try {
      return await Promise.race([promise, work.then(() => promise)]);
    } catch (error) {
      throw locate(error, request.id, START);
    } finally {
      work.catch(() => undefined);
      channel.abort();
    }
  }

  /**
   * Follows a run from byte positions to its end, byte-exact. The outcome holds what came after the
   * positions; `missing` says that no run of this id is there.
   */
  async follow(id: string, options: FollowOptions): Promise<CommandOutcome & { readonly missing: boolean }> {
    const offsets = options.offsets ?? START;
    const collector = new OutputCollector(options.outputLimit ?? DEFAULT_LIMIT);
    const progress = new Progress(collector, options.onOutput, offsets, undefined, offsets);
    try {
      const state = await this.#ask(options.privilege, {
        words: ['follow', checkId(id), String(offsets.stdout), String(offsets.stderr)],
        signal: options.signal,
        offsets,
        onFrame: frame => progress.take(frame),
      });
      progress.verifyComplete(state, this.#connection.host.name);
      const outcome = outcomeOf(state, collector);
      return { ...outcome, ...cutOf(state, progress.offsets, outcome), missing: state.state === 'missing' };
    } catch (error) {
      throw locate(error, id, progress.offsets);
    }
  }

  /** `running`, `finished`, `unknown` or `missing`. */
  async status(id: string, privilege: Privilege, signal: AbortSignal): Promise<RunState> {
    return this.#ask(privilege, { words: ['status', checkId(id)], signal });
  }

  /**
   * TERM to every process of a run (its session, its descendants, whoever carries its marker), KILL
   * after the grace, and a last look at what is left. A paused run is ended too; a finished one is
   * left alone.
   */
  async cancel(
    id: string,
    privilege: Privilege,
    options: { readonly grace?: number; readonly signal: AbortSignal },
  ): Promise<CancelOutcome> {
    const grace = options.grace ?? this.#options.grace ?? DEFAULT_GRACE;
    return cancelRun(this.#ask, id, privilege, grace, options.signal);
  }

  /**
   * Stops every process of a run where it stands (SIGSTOP); its supervisor and its followers go on.
   * While a follower sees the pause, no time limit counts.
   */
  async pause(
    id: string,
    privilege: Privilege,
    options: { readonly signal: AbortSignal },
  ): Promise<PauseOutcome> {
    return pauseRun(this.#ask, 'pause', id, privilege, options.signal);
  }

  /** Lets every process of a run go on (SIGCONT), also one that the command had stopped itself. */
  async resume(
    id: string,
    privilege: Privilege,
    options: { readonly signal: AbortSignal },
  ): Promise<PauseOutcome> {
    return pauseRun(this.#ask, 'resume', id, privilege, options.signal);
  }

  /** Removes runs that ended longer ago than `olderThan` ms, and the oldest beyond `keep`; never running ones. */
  async cleanUp(
    privilege: Privilege,
    options: { readonly olderThan: number; readonly keep: number; readonly signal: AbortSignal },
  ): Promise<number> {
    let removed = 0;
    const minutes = String(Math.ceil(options.olderThan / 60_000));
    await this.#ask(privilege, {
      words: ['clean', minutes, String(options.keep)],
      signal: options.signal,
      onFrame: frame => {
        if (frame.kind === 'removed') removed = frame.count;
      },
    });
    return removed;
  }

  async #start(request: HeldRequest, signal: AbortSignal, progress: Progress): Promise<RunState> {
    const onFrame = (frame: Frame): void | Promise<void> => progress.take(frame);
    const { id, script, stdin } = request;
    if (request.attachOnly === true) {
      const state = await this.#ask(request.privilege, { words: ['follow', id, '0', '0'], signal, onFrame });
      if (state.state === 'missing') throw missingRun(request);
      return state;
    }
    const kibibytes = String(Math.max(1, Math.ceil(request.outputLimit / 1024)));
    const inputLength = stdin === undefined ? '-' : String(stdin.length);
    return this.#ask(request.privilege, {
      words: ['run', id, kibibytes, inputLength, howToRead(script, stdin)],
      payload: marker => scriptPayload(script, marker, stdin),
      signal,
      onFrame,
    });
  }

  readonly #ask: Ask = async (privilege, request) => {
    const route = await routeTo(this.#connection, privilege, this.#options, request.signal);
    const random = this.#options.random === undefined ? {} : { random: this.#options.random };
    return exchange(this.#connection, { ...request, ...random, route });
  };

  /** Stops the command on the host, then throws why. The follower goes on meanwhile, to see the last output. */
  async #stop(request: HeldRequest, reason: StopReason, work: Promise<RunState>): Promise<never> {
    const { clock } = this.#options;
    const grace = this.#options.grace ?? DEFAULT_GRACE;
    const deadline = new AbortController();
    const timer = clock.sleep(grace + CANCEL_MARGIN, deadline.signal).catch(() => undefined);
    const tooLate = new AbortController();
    void timer.then(() => tooLate.abort());
    try {
      const outcome = await this.cancel(request.id, request.privilege, { grace, signal: tooLate.signal });
      if (!outcome.proved) throw cancelUnproved(request, outcome.remaining, reason);
      await Promise.race([work.catch(() => undefined), clock.sleep(500, deadline.signal)]);
    } catch (error) {
      if (error instanceof DeckhandError && error.code === 'command.cancel-unproved') throw error;
      throw cancelUnproved(request, [], reason, error);
    } finally {
      deadline.abort();
    }
    throw stoppedError(request, reason);
  }
}

function cutOf(
  state: RunState,
  reached: Offsets,
  outcome: CommandOutcome,
): Pick<CommandOutcome, 'truncated' | 'stdoutBytes' | 'stderrBytes'> {
  const stdoutBytes = state.state === 'finished' ? outcome.stdoutBytes : reached.stdout;
  const stderrBytes = state.state === 'finished' ? outcome.stderrBytes : reached.stderr;
  const uncounted =
    state.state === 'finished' && (state.total.stdout === null || state.total.stderr === null);
  const truncated = uncounted || stdoutBytes > reached.stdout || stderrBytes > reached.stderr;
  return { stdoutBytes, stderrBytes, truncated };
}
