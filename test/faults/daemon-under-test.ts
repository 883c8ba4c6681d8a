import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectClient } from '../../src/api/http/connect.ts';
import type { Submission, TaskApi, TaskView } from '../../src/api/task-api.ts';
import { DeckhandError } from '../../src/core/deckhand-error.ts';
import { isFinal } from '../../src/core/task-state.ts';
import { answers } from '../../src/daemon/answers.ts';
import { HEAP_FLAGS } from '../../src/daemon/heap-flags.ts';
import { type Places, placesOf } from '../../src/daemon/places.ts';
import { ownHome } from '../own-home.ts';
import { until } from './fault.ts';

const BIN = join(import.meta.dirname, '../../src/bin.ts');
const START_LIMIT = 120_000;

/** A daemon of the test's own: a child process with its own home, which the test may kill and start again. */
export class DaemonUnderTest implements AsyncDisposable {
  readonly folder: string;
  readonly places: Places;
  readonly environment: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;
  #api: TaskApi | undefined;

  private constructor(folder: string, extra: NodeJS.ProcessEnv) {
    this.folder = folder;
    this.environment = { ...ownHome(folder), ...extra };
    this.places = placesOf(this.environment);
  }

  static async start(folder: string, extra: NodeJS.ProcessEnv = {}): Promise<DaemonUnderTest> {
    const daemon = new DaemonUnderTest(folder, extra);
    try {
      await daemon.start();
    } catch (error) {
      // nobody has it yet who could end it
      await daemon.end('SIGKILL');
      throw error;
    }
    return daemon;
  }

  get api(): TaskApi {
    this.#api ??= connectClient({ socketPath: this.places.socket });
    return this.#api;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get logFile(): string {
    return join(this.folder, 'daemon.log');
  }

  async start(): Promise<void> {
    mkdirSync(this.folder, { recursive: true });
    const log = openSync(this.logFile, 'a', 0o600);
    const child = spawn(process.execPath, [...HEAP_FLAGS, BIN, 'daemon', 'run'], {
      cwd: '/',
      env: this.environment,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#child = child;
    await until(
      'the daemon answers',
      START_LIMIT,
      async () => {
        if (child.exitCode !== null)
          throw new Error(`the daemon ended: ${readFileSync(this.logFile, 'utf8').slice(-2000)}`);
        return (await answers(this.places.socket)) || undefined;
      },
      20,
    );
  }

  /** SIGKILL, as when the machine's memory is full or a person is impatient. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Resolves with the milliseconds it took to end. */
  async end(signal: NodeJS.Signals): Promise<number> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return 0;
    const begun = performance.now();
    const ended = new Promise(resolve => child.once('exit', resolve));
    child.kill(signal);
    await ended;
    await this.#api?.[Symbol.asyncDispose]();
    this.#api = undefined;
    return performance.now() - begun;
  }

  /** Executors by the ids that the daemon gives. */
  async executors(): Promise<readonly number[]> {
    const { executors } = await this.api.health();
    return executors.flatMap(({ pid }) => (pid === null ? [] : [pid]));
  }

  /** Asks again while no daemon answers: what a person does when a reply was lost. */
  async persist<Answer>(ask: (api: TaskApi) => Promise<Answer>, limit = 60_000): Promise<Answer> {
    const begun = performance.now();
    for (;;) {
      try {
        return await ask(this.api);
      } catch (error) {
        const lost =
          error instanceof DeckhandError &&
          (error.code === 'daemon.unreachable' || error.code === 'command.cancelled');
        if (!lost || performance.now() - begun > limit) throw error;
        await new Promise(resolve => setTimeout(resolve, 50));
      }
    }
  }

  /** The id of the first task; asked again where the reply was lost. */
  async submit(submission: Submission): Promise<string> {
    const { tasks } = await this.persist(async api => await api.submit(submission));
    return tasks[0]?.id ?? '';
  }

  /** The task once it has ended. */
  async ended(id: string, limit = 240_000): Promise<TaskView> {
    return await until(`${id} ends`, limit, async () => {
      const task = await this.persist(async api => await api.task(id));
      return isFinal(task.state) ? task : undefined;
    });
  }

  /** The task once `holds`. */
  async seen(
    id: string,
    what: string,
    holds: (task: TaskView) => boolean,
    limit = 240_000,
  ): Promise<TaskView> {
    return await until(
      `${id}: ${what}`,
      limit,
      async () => {
        const task = await this.persist(async api => await api.task(id));
        return holds(task) ? task : undefined;
      },
      25,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGTERM');
  }
}

/** Kibibytes that a process has in memory, or 0 when it is gone. */
export function memoryOf(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Open descriptors of a process, or 0 when it is gone. */
export function handlesOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

/** SIGKILL. False: it was gone, or has just gone, for example by an earlier kill which took its time on a busy machine. */
export function killNow(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

export function isThere(pid: number): boolean {
  try {
    // a zombie that nobody reaped yet runs no more
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
