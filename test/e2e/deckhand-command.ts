import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ownHome } from '../own-home.ts';

const entry = join(import.meta.dirname, '../../src/bin.ts');

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Ends the daemon that the commands of a test started for their folder, if they did. */
export async function stopDaemon(folder: string): Promise<void> {
  await deckhand(['daemon', 'stop'], { folder });
}

/** Runs the real command line in a process of its own, with a cache and state of its own. */
export async function deckhand(
  words: readonly string[],
  options: {
    readonly folder: string;
    /** Number of the account that it runs as; only root may choose. */
    readonly user?: number;
    /** Besides what every command gets. */
    readonly environment?: Readonly<Record<string, string>>;
    readonly signalAfter?: { readonly text: string; readonly signal: 'SIGINT' };
  },
): Promise<CommandResult> {
  return await new Promise((resolve, reject) => {
    const { folder } = options;
    const child = spawn(process.execPath, [entry, ...words], {
      cwd: folder,
      env: { ...ownHome(folder), NO_COLOR: '1', ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.user === undefined ? {} : { uid: options.user, gid: options.user }),
    });
    const output = { stdout: '', stderr: '' };
    let signalled = false;
    const watch = (stream: 'stdout' | 'stderr') => (piece: Buffer) => {
      output[stream] += piece.toString();
      const wanted = options.signalAfter;
      if (wanted && !signalled && output[stream].includes(wanted.text)) {
        signalled = true;
        child.kill(wanted.signal);
      }
    };
    child.stdout.on('data', watch('stdout'));
    child.stderr.on('data', watch('stderr'));
    child.on('error', reject);
    child.on('close', code => resolve({ code, ...output }));
  });
}
