import { spawn } from 'node:child_process';
import type { SshConnection } from '../../ssh/connection.ts';
import type { Side } from '../decide/action.ts';
import { runScript } from './run-script.ts';

/** Bytes of what a script of this machine may print. */
const LARGEST = 64 * 1024 * 1024;

export interface RanAt {
  /** Null: a signal ended it. */
  readonly code: number | null;
  readonly text: string;
  readonly errors: string;
}

/** A script of bytes (latin 1), on the host or here, in the C locale. */
export async function runAt(
  side: Side,
  { connection, signal }: { readonly connection: SshConnection; readonly signal: AbortSignal },
  script: string,
  stdin = '',
): Promise<RanAt> {
  const input = Buffer.from(stdin, 'latin1');
  if (side === 'local') return await runHere(script, input, signal);
  const { exitCode, stdout, errors } = await runScript(connection, script, { signal, stdin: input });
  return { code: exitCode, text: stdout.toString('latin1'), errors };
}

async function runHere(script: string, input: Buffer, signal: AbortSignal): Promise<RanAt> {
  // the script comes on another descriptor: arguments of this runtime hold no bytes that are not UTF-8
  const child = spawn('sh', ['-c', 'eval "$(cat <&3)"'], {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' },
    signal,
  });
  const pieces: Buffer[] = [];
  let [length, errors] = [0, ''];
  child.stdout.on('data', (piece: Buffer) => {
    length += piece.length;
    if (length > LARGEST) child.kill('SIGKILL');
    else pieces.push(piece);
  });
  child.stderr.on('data', (piece: Buffer) => {
    if (errors.length < 65_536) errors += piece.toString('latin1');
  });
  const [, , , scriptPipe] = child.stdio;
  for (const [pipe, bytes] of [
    [child.stdin, input],
    [scriptPipe, Buffer.from(`${script}\n`, 'latin1')],
  ] as const) {
    pipe?.on('error', () => undefined);
    if (pipe && 'end' in pipe) pipe.end(bytes);
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, text: Buffer.concat(pieces).toString('latin1'), errors };
}
