import type { Clock } from '../core/clock.ts';
import type { CommandRequest, CommandRun, OnOutput } from '../core/command-run.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { newId } from '../core/ids.ts';
import { Holder } from '../holder/holder.ts';
import { runDirect } from '../holder/run-direct.ts';
import type { SshConnection } from '../ssh/connection.ts';
import { BoundedBytes } from './bounded-bytes.ts';

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

  async #runHeld(
    connection: SshConnection,
    request: CommandRequest & { readonly id: string },
    signal: AbortSignal,
    onOutput?: OnOutput,
  ): Promise<CommandRun> {
    const seen = {
      stdout: new BoundedBytes(request.outputLimit),
      stderr: new BoundedBytes(request.outputLimit),
    };
    const watch: OnOutput = (stream, bytes) => {
      seen[stream].push(bytes);
      onOutput?.(stream, bytes);
    };
    const startedAt = this.#options.clock.now();
    const begun = this.#options.clock.monotonic();
    try {
      return await this.#holder(connection).run(request, signal, watch);
    } catch (error) {
      if (!isLinkLoss(error)) throw error;
      const end = await this.#reattach(request, seen, watch, signal);
      return {
        id: request.id,
        host: request.host,
        script: request.script,
        privilege: request.privilege,
        startedAt,
        duration: this.#options.clock.monotonic() - begun,
        verdict: end?.verdict ?? 'unknown',
        exitCode: end?.exitCode ?? null,
        signal: end?.signal ?? null,
        stdout: seen.stdout.bytes(),
        stderr: seen.stderr.bytes(),
        stdoutBytes: seen.stdout.total,
        stderrBytes: seen.stderr.total,
        truncated: end?.truncated ?? true,
      };
    }
  }

  /** Follows the run from the bytes already seen, on fresh connections, until its end or the limit. */
  async #reattach(
    request: CommandRequest & { readonly id: string },
    seen: { readonly stdout: BoundedBytes; readonly stderr: BoundedBytes },
    watch: OnOutput,
    signal: AbortSignal,
  ): Promise<CommandRun | undefined> {
    const { clock } = this.#options;
    const giveUpAt = clock.monotonic() + (this.#options.reattachLimit ?? REATTACH_LIMIT);
    let pause = FIRST_PAUSE;
    while (clock.monotonic() < giveUpAt) {
      try {
        const connection = await this.#options.connect(request.host, signal);
        this.#roundTrips += 1;
        const offsets = { stdout: seen.stdout.total, stderr: seen.stderr.total };
        return await this.#holder(connection).follow(request, offsets, signal, watch);
      } catch (error) {
        if (!(error instanceof DeckhandError) || !error.retryable) throw error;
        await clock.sleep(pause, signal);
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
    }
    return undefined;
  }

  #holder(connection: SshConnection): Holder {
    return new Holder(connection, this.#holderOptions(connection.host.name));
  }

  #holderOptions(host: string): { clock: Clock; sudoPassword?: () => Promise<string | null> } {
    const { clock, sudoPassword } = this.#options;
    return sudoPassword ? { clock, sudoPassword: () => sudoPassword(host) } : { clock };
  }
}

function isLinkLoss(error: unknown): boolean {
  return (
    error instanceof DeckhandError &&
    (error.code === 'ssh.connection-lost' || error.code === 'ssh.peer-silent')
  );
}
