import { spawn } from 'node:child_process';

/** Bytes of output that are kept, of its end. */
const MOST_OUTPUT = 8192;

export interface ProcessEnd {
  /** Null: it could not be started, or was ended. */
  readonly code: number | null;
  /** The end of what it printed. Untrusted. */
  readonly output: string;
}

/** Runs a program in a process group of its own; the whole group is gone when this resolves. Never throws. */
export async function runProcess(
  command: readonly [string, ...string[]],
  options: {
    readonly folder: string;
    readonly environment: Readonly<Record<string, string>>;
    /** Ends it. */
    readonly signal: AbortSignal;
  },
): Promise<ProcessEnd> {
  const [program, ...words] = command;
  const { folder, environment, signal } = options;
  if (signal.aborted) return { code: null, output: '' };
  return await new Promise(resolve => {
    const child = spawn(program, words, {
      cwd: folder,
      env: environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (piece: Buffer): void => {
      output = `${output}${piece.toString()}`.slice(-MOST_OUTPUT);
    };
    const end = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // nobody of the group is left
      }
    };
    const done = (code: number | null): void => {
      signal.removeEventListener('abort', end);
      end();
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ code, output });
    };
    signal.addEventListener('abort', end, { once: true });
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', error => {
      output = error.message;
      done(null);
    });
    // `exit`: what a child of it still holds open must not be waited for
    child.once('exit', code => done(code));
  });
}
