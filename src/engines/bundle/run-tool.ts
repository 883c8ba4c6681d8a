import { spawn } from 'node:child_process';
import { DeckhandError } from '../../core/deckhand-error.ts';

const KEPT = 1024 * 1024;

export interface ToolOptions {
  readonly signal: AbortSignal;
  readonly folder?: string;
}

/** Runs a program of this machine and gives its stdout. Throws `bundle.unavailable` with its last words. */
export async function runTool(
  program: string,
  words: readonly string[],
  { signal, folder }: ToolOptions,
): Promise<string> {
  return await new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      signal,
      ...(folder === undefined ? {} : { cwd: folder }),
      env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    // decoded as streams: a character may come in two pieces
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      output = (output + piece).slice(-KEPT);
    });
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      errors = (errors + piece).slice(-2000);
    });
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(signal.aborted ? (signal.reason as Error) : failed(program, error.code ?? error.message, error)),
    );
    child.on('close', code => {
      if (code === 0) resolve(output);
      else reject(failed(program, `exit code ${code}: ${errors.trim().split('\n').slice(-3).join('; ')}`));
    });
  });
}

function failed(program: string, text: string, cause?: unknown): DeckhandError {
  return new DeckhandError('bundle.unavailable', `${program} failed: ${text}.`, { cause });
}
