import type { Clock } from '../core/clock.ts';
import type { CommandRequest, CommandRun, OnOutput, Privilege } from '../core/command-run.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { newId } from '../core/ids.ts';
import { type CancelOutcome, type HeldRequest, Holder } from '../holder/holder.ts';
import { runDirect } from '../holder/run-direct.ts';
import type { SshConnection } from '../ssh/connection.ts';
import { Outage, outlastLink } from './outlast-link.ts';

/** Milliseconds between TERM and KILL: a cancel is over within two seconds. */
const GRACE = 1000;

export interface DoorOptions {
  /** A run id that is the same whenever the same work is asked for again; undefined = a new one. */
  readonly runId?: (request: CommandRequest) => string | undefined;
  /** Called before a durable run is begun, and waited for: whoever goes on later knows that it may be there. */
  readonly onRun?: (run: RunPlace) => Promise<void>;
  /** Aborted: let go of runs and leave them as they are on the host. */
  readonly leave?: AbortSignal;
  /** Milliseconds that a lost connection is tried again; default two minutes. */
  readonly reattachLimit?: number;
  /** True: an earlier claim has spoken to the host, so that being out of reach is an outage and will pass. */
  readonly reached?: boolean;
  /** Told when the host was in reach and has not come back in time. */
  readonly onGivenUp?: () => unknown;
}

export interface HostDoorOptions extends DoorOptions {
  readonly connect: (host: string, signal: AbortSignal) => Promise<SshConnection>;
  readonly sudoPassword?: (host: string) => Promise<string | null>;
  readonly clock: Clock;
}

/** A run by its id, wherever it was begun. */
export interface RunPlace {
  readonly host: string;
  readonly id: string;
  readonly privilege: Privilege;
}

export interface HeldOptions {
  readonly id: string;
  /** True: an earlier claim may have begun it, so a host out of reach says nothing about it. */
  readonly begun: boolean;
  /** True: it was seen to have begun, so it is only looked for. */
  readonly attachOnly: boolean;
  /** What was seen before: `onOutput` gets the rest. */
  readonly seen: { readonly stdout: number; readonly stderr: number };
  /** Called when the host says that it runs. */
  readonly onStarted?: (() => void) | undefined;
}

/**
 * The one way to run something on a host: over the shared connection, durable commands under the
 * holder. When the link breaks under a durable command it goes on there; the door re-attaches by run
 * id and byte offsets, and says `unknown` when it cannot see the end in time.
 */
export class HostDoor {
  readonly #options: HostDoorOptions;
  readonly #active = new Map<string, RunPlace>();
  #roundTrips = 0;
  /** The host has answered before: when it is out of reach now, that will pass. */
  #reached: boolean;

  constructor(options: HostDoorOptions) {
    this.#options = options;
    this.#reached = options.reached === true;
  }

  /** Commands sent so far. */
  get roundTrips(): number {
    return this.#roundTrips;
  }

  /** Runs under the holder that are followed now. */
  get active(): readonly RunPlace[] {
    return [...this.#active.values()];
  }

  /** As `RunCommand` says; a durable run whose end nobody saw has the verdict `unknown`. */
  readonly run = async (
    request: CommandRequest,
    signal: AbortSignal,
    onOutput?: OnOutput,
  ): Promise<CommandRun> => {
    const id = this.#options.runId?.(request) ?? newId('run', this.#options.clock.now());
    if (!request.durable) return await this.#runDirect({ ...request, id }, signal, onOutput);
    const { host, privilege } = request;
    await this.#options.onRun?.({ id, host, privilege });
    const held = { id, begun: false, attachOnly: false, seen: { stdout: 0, stderr: 0 } };
    const startedAt = this.#options.clock.now();
    try {
      return await this.runHeld(request, held, signal, onOutput);
    } catch (error) {
      if (!isUnseen(error)) throw error;
      return unseenEnd({ ...request, id }, startedAt, this.#options.clock.now() - startedAt);
    }
  };

  async #runDirect(
    request: CommandRequest & { readonly id: string },
    signal: AbortSignal,
    onOutput?: OnOutput,
  ): Promise<CommandRun> {
    const { clock, connect } = this.#options;
    const ask = async (): Promise<CommandRun> => {
      const connection = await connect(request.host, signal);
      this.#roundTrips += 1;
      const run = await runDirect(connection, request, this.#holderOptions(request.host), signal, onOutput);
      this.#reached = true;
      return run;
    };
    if (request.repeatable !== true) return await ask();
    // a host that was never in reach is told at once
    if (!this.#reached) await connect(request.host, signal);
    return await outlastLink({ clock, signal, ...this.#patience() }, ask);
  }

  /**
   * Runs under the holder; asks again with the same id, which never starts it twice, after a lost link.
   * Throws the error of the link with `begun: true` in its details when that took longer than the limit.
   */
  async runHeld(
    request: CommandRequest,
    held: HeldOptions,
    signal: AbortSignal,
    onOutput?: OnOutput,
  ): Promise<CommandRun> {
    const { clock, leave } = this.#options;
    const stop = leave ? AbortSignal.any([signal, leave]) : signal;
    const seen = { ...held.seen };
    const watch: OnOutput = (stream, bytes) => {
      seen[stream] += bytes.length;
      return onOutput?.(stream, bytes);
    };
    const reached = held.begun || this.#reached;
    const outage = new Outage({ clock, signal: stop, reached, ...this.#patience() });
    let { begun } = held;
    const { host, privilege } = request;
    this.#active.set(held.id, { host, privilege, id: held.id });
    using _active = { [Symbol.dispose]: () => this.#active.delete(held.id) };
    for (;;) {
      try {
        const connection = await this.#options.connect(request.host, begun ? stop : signal);
        this.#roundTrips += 1;
        begun = true;
        outage.connected();
        const { id, attachOnly, onStarted } = held;
        const asked: HeldRequest = {
          ...request,
          id,
          attachOnly,
          ...(leave ? { leave } : {}),
          ...(onStarted ? { onStarted } : {}),
        };
        const run = await this.#holder(connection).run(asked, signal, watch, { ...seen });
        this.#reached = true;
        return run;
      } catch (error) {
        if (!outage.covers(error)) throw error;
        if (!(await outage.wait())) throw begun ? unseen(request.host, held.id, error) : error;
      }
    }
  }

  /** Ends every process of a run, and tells which are left. Throws the link's error when the host is out of reach. */
  async cancel(run: RunPlace, signal: AbortSignal): Promise<CancelOutcome> {
    const connection = await this.#options.connect(run.host, signal);
    return await this.#holder(connection).cancel(run.id, run.privilege, { signal });
  }

  /** Stops every process of a run where it is. Throws `command.cancel-unproved` when some still go on. */
  async pause(run: RunPlace, signal: AbortSignal): Promise<void> {
    const connection = await this.#options.connect(run.host, signal);
    await this.#holder(connection).pause(run.id, run.privilege, { signal });
  }

  async resume(run: RunPlace, signal: AbortSignal): Promise<void> {
    const connection = await this.#options.connect(run.host, signal);
    await this.#holder(connection).resume(run.id, run.privilege, { signal });
  }

  #patience(): { readonly limit?: number; readonly onGivenUp?: () => void } {
    const { reattachLimit: limit, onGivenUp } = this.#options;
    return { ...(limit === undefined ? {} : { limit }), ...(onGivenUp ? { onGivenUp } : {}) };
  }

  #holder(connection: SshConnection): Holder {
    return new Holder(connection, { ...this.#holderOptions(connection.host.name), grace: GRACE });
  }

  #holderOptions(host: string): { clock: Clock; sudoPassword?: () => Promise<string | null> } {
    const { clock, sudoPassword } = this.#options;
    return sudoPassword ? { clock, sudoPassword: () => sudoPassword(host) } : { clock };
  }
}

/** The host is out of reach, and a run that began there has not been seen to end. */
export function isUnseen(error: unknown): error is DeckhandError {
  return error instanceof DeckhandError && error.details['begun'] === true;
}

function unseen(host: string, runId: string, cause: unknown): DeckhandError {
  const link = cause as DeckhandError;
  return new DeckhandError(link.code, link.message, {
    cause,
    details: { ...link.details, host, runId, begun: true },
  });
}

/** It started, the link broke, and nobody saw it end: never called a success or a failure. */
function unseenEnd(request: HeldRequest, startedAt: number, duration: number): CommandRun {
  const { id, host, script, privilege } = request;
  return {
    id,
    host,
    script,
    privilege,
    startedAt,
    duration,
    verdict: 'unknown',
    exitCode: null,
    signal: null,
    stdout: new Uint8Array(),
    stderr: new Uint8Array(),
    stdoutBytes: 0,
    stderrBytes: 0,
    truncated: true,
  };
}
