import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalConnection } from './local-connection.ts';
import { systemClock } from '../../src/core/clock.ts';
import { Holder, type HeldRequest } from '../../src/holder/holder.ts';

export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

/** State and arguments of the living processes of this machine that have a word in their arguments. */
export function processesWith(word: string): string[] {
  const lines = execFileSync('ps', ['-eo', 'stat=,args='], { encoding: 'utf8' }).split('\n');
  return lines.filter(line => line.includes(word) && !line.startsWith('Z'));
}

/** A pretended host on this machine: a home, and one shell with its tools. */
export interface LocalHost {
  readonly shell: string;
  readonly root: string;
  readonly home: string;
  readonly tools: string;
  up(): void;
  down(): void;
  readonly connect: (extra?: { noise?: string }) => LocalConnection;
  readonly holder: (connection?: LocalConnection, grace?: number) => Holder;
  /** A request with an id of its own. */
  readonly request: (script: string, extra?: Partial<HeldRequest>) => HeldRequest;
  /** A `sleep` for long that is told from every other on this machine, where suites run beside each other. */
  readonly sleep: () => string;
}

export function localHost(shell: string, program: string): LocalHost {
  const root = mkdtempSync(join(tmpdir(), 'deckhand holder ')); // a space in HOME must not matter
  const home = join(root, 'home');
  const tools = join(root, 'bin');
  let count = 0;
  const connect = (extra: { noise?: string } = {}): LocalConnection =>
    new LocalConnection({ home, shellDirectory: tools, ...extra });
  return {
    shell,
    root,
    home,
    tools,
    up: () => {
      mkdirSync(home);
      fillShellDirectory(tools, program, shell);
    },
    // what ends last may still write there
    down: () => rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }),
    connect,
    holder: (connection = connect(), grace = 2000) => new Holder(connection, { clock: systemClock, grace }),
    request: (script, extra = {}) => {
      count += 1;
      return {
        id: `run-${shell}-${process.pid}-${count}`,
        host: 'local',
        script,
        privilege: 'user',
        timeout: 0,
        outputLimit: 1024 * 1024,
        durable: true,
        ...extra,
      };
    },
    sleep: () => `sleep 45.${randomInt(1e9, 1e10)}`,
  };
}

/** A directory whose `sh` (and, for busybox, every tool) is the given shell. */
function fillShellDirectory(directory: string, program: string, shell: string): void {
  mkdirSync(directory);
  if (shell !== 'busybox') {
    symlinkSync(program, join(directory, 'sh'));
    return;
  }
  for (const applet of execFileSync(program, ['--list'], { encoding: 'utf8' }).trim().split('\n')) {
    if (applet !== 'busybox') symlinkSync(program, join(directory, applet));
  }
}
