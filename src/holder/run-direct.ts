import type { Clock } from '../core/clock.ts';
import type { CommandRequest, CommandRun, OnOutput, OutputStream } from '../core/command-run.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { ExecuteOptions, SshConnection } from '../ssh/connection.ts';
import { commandRun, verdictOf } from './command-outcome.ts';
import { noAnswer } from './exchange.ts';
import { NOISE_LIMIT } from './frame-parser.ts';
import { checkRequest } from './held-request.ts';
import { launchDirect } from './launch-command.ts';
import { newMarker } from './marker.ts';
import { OutputCollector } from './output-collector.ts';
import { type PrivilegeOptions, routeTo } from './privilege.ts';

export interface DirectOptions extends PrivilegeOptions {
  readonly clock: Clock;
}

/**
 * Runs a request straight on a channel, with the same privilege and environment as the holder but
 * without leaving anything on the host: for checks and facts. When the connection ends, so does
 * what is known of it. Throws `ssh.*`, `privilege.*`, `command.timeout`, `command.idle-timeout`.
 */
export async function runDirect(
  connection: SshConnection,
  request: CommandRequest & { readonly id: string },
  options: DirectOptions,
  signal: AbortSignal,
  onOutput?: OnOutput,
): Promise<CommandRun> {
  checkRequest(request);
  const { clock } = options;
  const startedAt = clock.now();
  const began = clock.monotonic();
  const route = await routeTo(connection, request.privilege, options, signal);
  const marker = newMarker(options.random);
  const collector = new OutputCollector(request.collect ?? request.outputLimit, request.outputLimit);
  const filters = { stdout: new NoiseFilter(marker), stderr: new NoiseFilter(marker) };
  const launch = launchDirect(route, marker, request.script, request.stdin);
  const result = await connection.execute(launch.command, {
    signal,
    stdin: launch.stdin,
    collectLimit: 16 * 1024,
    ...limitsOf(request),
    onOutput: (stream: OutputStream, piece: Uint8Array) => {
      const bytes = filters[stream].push(piece);
      if (bytes.length === 0) return;
      collector.add(stream, bytes);
      return onOutput?.(stream, bytes);
    },
  });
  const { exitCode, signal: killedBy } = result;
  if (!filters.stdout.open || (exitCode === null && killedBy === null)) {
    throw noAnswer(connection, route, filters.stdout.open, result);
  }
  return commandRun(
    request.id,
    request,
    { startedAt, duration: clock.monotonic() - began },
    {
      verdict: verdictOf(exitCode, killedBy),
      exitCode,
      signal: killedBy,
      stdout: collector.bytes('stdout'),
      stderr: collector.bytes('stderr'),
      stdoutBytes: collector.seen('stdout'),
      stderrBytes: collector.seen('stderr'),
      truncated:
        collector.seen('stdout') > collector.passed('stdout') ||
        collector.seen('stderr') > collector.passed('stderr'),
    },
  );
}

function limitsOf(request: CommandRequest): Pick<ExecuteOptions, 'timeout' | 'idleTimeout'> {
  const idle = request.idleTimeout === undefined ? {} : { idleTimeout: request.idleTimeout };
  return { timeout: request.timeout, ...idle };
}

/** Drops everything up to and including the marker line. */
class NoiseFilter {
  readonly #marker: Buffer;
  #pending: Buffer = Buffer.alloc(0);
  #noise = 0;
  open = false;

  constructor(marker: string) {
    this.#marker = Buffer.from(`${marker}\n`);
  }

  push(piece: Uint8Array): Uint8Array {
    if (this.open) return piece;
    const seen = Buffer.concat([this.#pending, piece]);
    const found = seen.indexOf(this.#marker);
    if (found >= 0) {
      this.open = true;
      return seen.subarray(found + this.#marker.length);
    }
    this.#noise += piece.length;
    if (this.#noise > NOISE_LIMIT) {
      throw new DeckhandError(
        'host.unsupported',
        `The login shell printed more than ${NOISE_LIMIT} bytes before the command started.`,
      );
    }
    this.#pending = Buffer.from(seen.subarray(Math.max(0, seen.length - this.#marker.length)));
    return new Uint8Array();
  }
}
