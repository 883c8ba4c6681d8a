import { randomBytes } from 'node:crypto';
import type { FileExecuteOptions, SshConnection } from '../../ssh/connection.ts';
import { commandOf } from './run-script.ts';

export interface FileScriptResult {
  /** The whole script ran, and ended with 0. */
  readonly isDone: boolean;
  /** What it printed, where that is no file; latin 1. */
  readonly stdout: string;
}

/**
 * As `runScript`, with an open file of this machine as input or output, whose bytes the system's client moves itself.
 * Null: this connection cannot, or the script is too long for that. What a login shell prints would be in the file:
 * see `isQuiet`. Errors as of `executeOnFiles`; a script that fails is only said to be not done.
 */
export async function runOnFiles(
  connection: SshConnection,
  script: string,
  options: FileExecuteOptions,
): Promise<FileScriptResult | null> {
  const marker = randomBytes(12).toString('hex');
  const say = options.stdout === undefined ? `printf '%s\\n' ${marker};` : '';
  const text = `${say} LC_ALL=C; export LC_ALL; { ${script}; } && printf '%s\\n' ${marker} >&2`;
  const sent = commandOf(connection, text, undefined);
  if (connection.executeOnFiles === undefined || sent.stdin !== undefined) return null;
  const { exitCode, stdout, stderr } = await connection.executeOnFiles(sent.command, options);
  const printed = Buffer.from(stdout).toString('latin1');
  return {
    isDone: exitCode === 0 && Buffer.from(stderr).includes(`${marker}\n`),
    stdout: printed.slice(printed.indexOf(`${marker}\n`) + marker.length + 1),
  };
}

/** The account's login shell prints nothing by itself. */
export async function isQuiet(connection: SshConnection, signal: AbortSignal): Promise<boolean> {
  const { command } = commandOf(connection, ':', undefined);
  const { exitCode, stdoutBytes } = await connection.execute(command, { signal });
  return exitCode === 0 && stdoutBytes === 0;
}
