import type { Clock } from '../core/clock.ts';
import type { CommandRequest, CommandRun, OnOutput } from '../core/command-run.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { newId } from '../core/ids.ts';
import { type HeldRequest, Holder } from '../holder/holder.ts';
import { runDirect } from '../holder/run-direct.ts';
import type { SshConnection } from '../ssh/connection.ts';

/** How long a lost connection is tried again before a run's end counts as unknown. Milliseconds. */
const REATTACH_LIMIT = 120_000;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;

export interface HostDoorOptions {
  readonly connect: (host: string, signal: AbortSignal) => Promise<SshConnection>;
  readonly sudoPassword?: (host: string) => Promise<string | null>;
  readonly clock: Clock;
  readonly reattachLimit?: number;
}

/**
 * The one way to run something on a host: over the shared connection, durable commands under the
 * holder. When the link breaks under a durable command it goes on there; the door re-attaches by run
 * id and byte offsets, and says `unknown` when it cannot see the end in time.
 */
export class HostDoor {
  readonly #options: HostDoorOptions;
  #roundTrips = 0;

  constructor(options: HostDoorOptions) {
    this.#options = options;
  }

  /** Commands sent so far. */
  get roundTrips(): number {
    return this.#roundTrips;
  }

  readonly run = async (
    request: CommandRequest,
    signal: AbortSignal,
    onOutput?: OnOutput,
  ): Promise<CommandRun> => {
    const id = newId('run', this.#options.clock.now());
    const connection = await this.#options.connect(request.host, signal);
    this.#roundTrips += 1;
    if (!request.durable) {
      return await runDirect(
        connection,
        { ...request, id },
        this.#holderOptions(request.host),
        signal,
        onOutput,
      );
    }
    return await this.#runHeld(connection, { ...request, id }, signal, onOutput);
  };

  /** Runs under the holder; asks again with the same id, which never starts it twice, after a lost link. */
  async #runHeld(
    first: SshConnection,
    request: HeldRequest,
    signal: AbortSignal,
    onOutput?: OnOutput,
  ): Promise<CommandRun> {
    const { clock } = this.#options;
    const seen = { stdout: 0, stderr: 0 };
    const watch: OnOutput = (stream, bytes) => {
      seen[stream] += bytes.length;
      onOutput?.(stream, bytes);
    };
    const startedAt = clock.now();
    const begun = clock.monotonic();
    let connection: SshConnection | undefined = first;
    let pause = FIRST_PAUSE;
    let lostAt: number | undefined;
    for (;;) {
      try {
        connection ??= await this.#options.connect(request.host, signal);
        lostAt = undefined;
        return await this.#holder(connection).run(request, signal, watch, { ...seen });
      } catch (error) {
        const lost = isLinkLoss(error) || (lostAt !== undefined && isRetryable(error));
        if (!lost) throw error;
        lostAt ??= clock.monotonic();
        if (clock.monotonic() - lostAt > (this.#options.reattachLimit ?? REATTACH_LIMIT)) {
          return unseenEnd(request, startedAt, clock.monotonic() - begun, seen);
        }
        connection = undefined;
        await clock.sleep(pause, signal);
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
    }
  }

  #holder(connection: SshConnection): Holder {
    return new Holder(connection, this.#holderOptions(connection.host.name));
  }

  #holderOptions(host: string): { clock: Clock; sudoPassword?: () => Promise<string | null> } {
    const { clock, sudoPassword } = this.#options;
    return sudoPassword ? { clock, sudoPassword: () => sudoPassword(host) } : { clock };
  }
}

/** It started, the link broke, and nobody saw it end: never called a success or a failure. */
function unseenEnd(
  request: HeldRequest,
  startedAt: number,
  duration: number,
  seen: { readonly stdout: number; readonly stderr: number },
): CommandRun {
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
    stdoutBytes: seen.stdout,
    stderrBytes: seen.stderr,
    truncated: true,
  };
}

function isLinkLoss(error: unknown): boolean {
  return (
    error instanceof DeckhandError &&
    (error.code === 'ssh.connection-lost' || error.code === 'ssh.peer-silent')
  );
}

function isRetryable(error: unknown): boolean {
  return error instanceof DeckhandError && error.retryable;
}
