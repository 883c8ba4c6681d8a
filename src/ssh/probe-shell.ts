import { DeckhandError } from '../core/deckhand-error.ts';
import { showBytes, tailOf } from '../core/untrusted.ts';
import type { ExecuteResult, SshConnection } from './connection.ts';

const DEFAULT_TIMEOUT = 15_000;
/** Start-up files may print a lot before the marker. */
const COLLECT_LIMIT = 256 * 1024;

export interface ShellProbe {
  /** The account's start-up files print something of their own. */
  readonly noisy: boolean;
  /** Milliseconds. */
  readonly duration: number;
}

export interface ProbeOptions {
  readonly signal: AbortSignal;
  /** Milliseconds; default 15 000. */
  readonly timeout?: number;
  /** Random letters and digits; an argument for tests. */
  readonly marker?: string;
}

/** Proves that the account runs commands: the shell must join two halves of a marker. Throws `ssh.no-shell`. */
export async function probeShell(connection: SshConnection, options: ProbeOptions): Promise<ShellProbe> {
  const marker = options.marker ?? crypto.randomUUID().replaceAll('-', '');
  const half = Math.floor(marker.length / 2);
  // The command never holds the whole marker: a text that only repeats the command proves nothing.
  const command = `printf '%s%s\\n' ${marker.slice(0, half)} ${marker.slice(half)}`;
  const result = await run(connection, command, options);
  const stdout = Buffer.from(result.stdout).toString('latin1');
  if (!stdout.includes(marker)) throw noShell(connection, result);
  const noisy = stdout.trim() !== marker || result.stderrBytes > 0;
  return { noisy, duration: result.duration };
}

async function run(
  connection: SshConnection,
  command: string,
  options: ProbeOptions,
): Promise<ExecuteResult> {
  try {
    return await connection.execute(command, {
      signal: options.signal,
      timeout: options.timeout ?? DEFAULT_TIMEOUT,
      collectLimit: COLLECT_LIMIT,
    });
  } catch (error) {
    if (!(error instanceof DeckhandError) || error.code !== 'command.timeout') throw error;
    throw noShell(connection, null, error);
  }
}

function noShell(
  connection: SshConnection,
  result: ExecuteResult | null,
  cause?: DeckhandError,
): DeckhandError {
  const { name, user } = connection.host;
  const said =
    result === null ? '' : tailOf(showBytes(result.stdout).trim() || showBytes(result.stderr).trim(), 200);
  const quoted = said === '' ? '' : `; it said '${said.replaceAll('\n', ' ')}'`;
  return new DeckhandError('ssh.no-shell', `${user} on ${name} logs in but runs no commands${quoted}.`, {
    details: { host: name, user, exitCode: result?.exitCode ?? null },
    ...(cause === undefined ? {} : { cause }),
  });
}
