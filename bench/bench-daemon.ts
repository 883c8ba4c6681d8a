import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connectClient } from '../src/api/http/connect.ts';
import type { TaskApi } from '../src/api/task-api.ts';
import type { Surroundings } from '../src/core/task.ts';
import { answers } from '../src/daemon/answers.ts';
import { HEAP_FLAGS } from '../src/daemon/heap-flags.ts';
import { placesOf } from '../src/daemon/places.ts';
import { expectCode, type Outcome, runProgram } from './lab-link.ts';
import { alsoWhenCut, cut } from './on-cut.ts';

const root = join(import.meta.dirname, '..');
const START_LIMIT = 30_000;
/** Characters of a failed command's output that are shown. */
const TAIL = 1500;

/** The program of the package, as `npm install` would put it. */
export const builtProgram = join(root, 'dist/bin.cjs');

let built = false;

/** Builds the package, once a run: what is measured is what is shipped. */
export function buildPackage(): void {
  if (built) return;
  execFileSync(process.execPath, ['build.ts'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH']}` },
  });
  built = true;
}

export interface DaemonOptions {
  /** The OpenSSH client configuration that commands are given. */
  readonly sshConfigFile?: string;
  /** Modules with kinds of task. */
  readonly plugins?: string;
}

/** A daemon of the built package with a home of its own. */
export class BenchDaemon implements AsyncDisposable {
  readonly folder: string;
  readonly environment: Record<string, string>;
  readonly #sshConfigFile: string | undefined;
  readonly #close = alsoWhenCut(async () => {
    await this.#end();
    rmSync(this.folder, { recursive: true, force: true });
  });
  #child: ChildProcess | undefined;
  #api: TaskApi | undefined;

  private constructor({ sshConfigFile, plugins }: DaemonOptions) {
    this.folder = mkdtempSync(join(tmpdir(), 'deckhand-bench-'));
    this.#sshConfigFile = sshConfigFile;
    this.environment = {
      PATH: process.env['PATH'] ?? '',
      HOME: this.folder,
      XDG_CACHE_HOME: join(this.folder, 'cache'),
      XDG_STATE_HOME: join(this.folder, 'state'),
      XDG_CONFIG_HOME: join(this.folder, 'config'),
      NO_COLOR: '1',
      ...(plugins === undefined ? {} : { DECKHAND_PLUGINS: plugins }),
    };
  }

  static async start(options: DaemonOptions = {}): Promise<BenchDaemon> {
    buildPackage();
    const daemon = new BenchDaemon(options);
    await daemon.start();
    return daemon;
  }

  get socket(): string {
    return placesOf(this.environment).socket;
  }

  get api(): TaskApi {
    this.#api ??= connectClient({ socketPath: this.socket });
    return this.#api;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get surroundings(): Surroundings {
    const folder = this.folder;
    return {
      folder,
      overrides: {},
      ...(this.#sshConfigFile === undefined ? {} : { sshConfigFile: this.#sshConfigFile }),
    };
  }

  async executors(): Promise<readonly number[]> {
    return (await this.api.health()).executors.flatMap(({ pid }) => (pid === null ? [] : [pid]));
  }

  /** One command line in a process of its own; the daemon does its work. */
  async command(words: readonly string[]): Promise<Outcome> {
    const [first = '', ...others] = words;
    const config = this.#sshConfigFile === undefined ? [] : ['--ssh-config', this.#sshConfigFile];
    // `hosts facts` is one command of two words
    const head = first === 'hosts' ? [first, others.shift() ?? ''] : [first];
    return await runProgram(
      process.execPath,
      [builtProgram, ...head, ...config, ...others],
      this.environment,
      this.folder,
    );
  }

  /** Ends the daemon and starts another: its store stays, its executors and connections go. */
  async restart(): Promise<void> {
    await this.#end();
    await this.start();
  }

  async start(): Promise<void> {
    cut.throwIfAborted();
    mkdirSync(this.folder, { recursive: true });
    const logFile = join(this.folder, 'daemon.log');
    const log = openSync(logFile, 'a', 0o600);
    const child = spawn(process.execPath, [...HEAP_FLAGS, builtProgram, 'daemon', 'run'], {
      cwd: '/',
      env: this.environment,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#child = child;
    const begun = performance.now();
    while (!(await answers(this.socket))) {
      if (child.exitCode !== null || performance.now() - begun > START_LIMIT)
        throw new Error(`The daemon did not start: ${readFileSync(logFile, 'utf8').slice(-2000)}`);
      await pause(20);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  async #end(): Promise<void> {
    await this.#api?.[Symbol.asyncDispose]();
    this.#api = undefined;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
}

/** `exec SELECTOR -- true` by the command line. Throws unless it ran on all of `hosts`. */
export async function execOnAll(
  daemon: BenchDaemon,
  selector: string,
  hosts: number,
  flags: readonly string[] = [],
): Promise<void> {
  const { code, stdout, stderr } = await daemon.command(['exec', ...flags, '--json', selector, '--', 'true']);
  expectCode(code, 0, `deckhand exec: ${stderr}${code === 0 ? '' : stdout.slice(-TAIL)}`);
  const { results } = JSON.parse(stdout) as { readonly results: readonly { readonly exitCode: number }[] };
  expectCode(
    results.filter(({ exitCode }) => exitCode === 0).length,
    hosts,
    'the count of hosts where it ran',
  );
}
