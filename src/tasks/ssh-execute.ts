import type { CommandRequest, CommandRun } from '../core/command-run.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import { executeParams, type ExecuteParams, type ExecuteResult } from '../core/task-params.ts';
import { sanitiseText } from '../core/untrusted.ts';
import { isProvedCancel } from '../holder/run-errors.ts';
import type { Outcome } from '../queue/executor-protocol.ts';
import { HostDoor, isUnseen, type RunPlace } from './host-door.ts';
import { cancelledError, cancelOnHosts } from './prove-cancel.ts';
import { NO_RETRY, type TaskKind, type TaskWork } from './task-kind.ts';
import { waitForHost } from './wait-for-host.ts';

const TITLE_LENGTH = 120;
/** Bytes of output kept beside the log, which has all of it. */
const COLLECT = 16 * 1024;
/** Milliseconds a slot is held for a host that went out of reach; after that the task waits without one. */
const REATTACH_LIMIT = 45_000;
const WAIT = 15_000;

/** One command on one host, under the holder unless it is asked to run straight on a channel. */
export const sshExecute: TaskKind<typeof executeParams> = {
  name: 'ssh.execute',
  description: 'Runs a command on a host and keeps what it prints.',
  schema: executeParams,
  hosts: 'each',
  category: 'command',
  permission: 'change',
  onLost: 'hold',
  retry: NO_RETRY,
  title: ({ command }) => sanitiseText(command).replaceAll(/\s+/g, ' ').trim().slice(0, TITLE_LENGTH),
  run: async work => await new Execution(work).outcome(),
};

class Execution {
  readonly #work: TaskWork<ExecuteParams>;
  readonly #door: HostDoor;
  readonly #place: RunPlace;
  /** By this claim or an earlier one: the host may have it. */
  #isBegun: boolean;

  constructor(work: TaskWork<ExecuteParams>) {
    const { task, params } = work;
    this.#work = work;
    this.#isBegun = task.begun;
    this.#door = work.hosts.door({ leave: work.leave, reattachLimit: REATTACH_LIMIT });
    this.#place = {
      host: task.host ?? '',
      // the same for every claim of one attempt: a run that is there already is never started again
      id: `${task.id}-${task.attempt}`,
      privilege: params.root ? 'root' : 'user',
    };
  }

  async outcome(): Promise<Outcome> {
    const { task, params, cancel, leave } = this.#work;
    if (task.begun && params.direct)
      return lost(
        `${task.host}: the connection that carried it is gone, and nobody saw how it ended.`,
        task.id,
      );
    if (task.begun && cancel.aborted) return await this.#cancelOnHost();
    try {
      const elapsed = this.#elapsed();
      const run = await this.#run();
      return outcomeOfRun({ ...run, duration: elapsed + run.duration });
    } catch (error) {
      if (leave.aborted) return { end: leave.reason === 'paused' ? 'paused' : 'left' };
      if (cancel.aborted) return await this.#proveCancel(error);
      if (isUnseen(error)) return await this.#waitForHost(error);
      if (isMissing(error))
        return lost(`${task.host}: it had begun, and the host has no record of it.`, task.id);
      throw error;
    }
  }

  async #run(): Promise<CommandRun> {
    const { params, seen, cancel, steps, clock } = this.#work;
    if (params.direct) return await this.#runDirect();
    if (steps.has('paused')) await this.#door.resume(this.#place, cancel);
    await this.#begin();
    // what is kept in the log is where the follower goes on
    const held = { id: this.#place.id, begun: true, attachOnly: steps.has('started'), seen };
    const started = held.attachOnly
      ? undefined
      : () => void this.#work.remember('started', { at: clock.now() });
    return await this.#door.runHeld(
      this.#request(true),
      { ...held, onStarted: started },
      cancel,
      (stream, bytes) => this.#work.output(stream, bytes),
    );
  }

  async #runDirect(): Promise<CommandRun> {
    await this.#begin();
    const { cancel, leave } = this.#work;
    return await this.#door.run(this.#request(false), AbortSignal.any([cancel, leave]), (stream, bytes) =>
      this.#work.output(stream, bytes),
    );
  }

  /** From here on the host may have begun it, and only the host can tell. */
  async #begin(): Promise<void> {
    const { task, hosts, cancel, leave, onPause } = this.#work;
    if (!task.begun) {
      this.#work.phase('connecting');
      await hosts.connect(this.#place.host, AbortSignal.any([cancel, leave]));
      this.#isBegun = true;
      await this.#work.begin(this.#place.host, this.#place.id);
    }
    this.#work.phase('running');
    onPause(async () => {
      await this.#door.pause(this.#place, cancel);
      await this.#work.remember('paused', {});
    });
  }

  #request(durable: boolean): CommandRequest {
    const { params, input, hosts } = this.#work;
    return {
      host: this.#place.host,
      script: params.command,
      privilege: this.#place.privilege,
      timeout: this.#timeLeft(params.timeout ?? hosts.settings['timeouts.command']),
      idleTimeout: params.idleTimeout ?? hosts.settings['timeouts.idle'],
      outputLimit: params.outputLimit ?? hosts.settings.outputLimit,
      collect: COLLECT,
      durable,
      ...(input ? { stdin: input } : {}),
    };
  }

  /** An earlier claim may have used some of the time. 0 = no limit. */
  #timeLeft(timeout: number): number {
    return timeout === 0 ? 0 : Math.max(timeout - this.#elapsed(), 1);
  }

  /** Milliseconds since an earlier claim saw it start; 0 = none did. */
  #elapsed(): number {
    const { steps, clock } = this.#work;
    const at = steps.get('started')?.['at'];
    return typeof at === 'number' ? Math.max(clock.now() - at, 0) : 0;
  }

  async #cancelOnHost(): Promise<Outcome> {
    return await cancelOnHosts(this.#work, this.#door, [this.#place]);
  }

  async #proveCancel(thrown: unknown): Promise<Outcome> {
    const { task, params } = this.#work;
    const error = toDeckhandError(thrown);
    const { code, details } = error;
    // a command straight on a channel has no record that could be asked
    const isOver = params.direct ? code === 'command.cancelled' : isProvedCancel(error);
    if (!this.#isBegun || isOver) return { end: 'cancelled', error: cancelledError(task.title) };
    const remaining = details['pids'];
    if (code === 'command.cancel-unproved' && Array.isArray(remaining) && remaining.length > 0)
      return { end: 'failed', error: error.toJSON() };
    return await this.#cancelOnHost();
  }

  /** The host is out of reach: the task waits without a slot, and counts as lost only after a long time. */
  async #waitForHost(error: DeckhandError): Promise<Outcome> {
    const { task } = this.#work;
    const reason = `the host is out of reach (${error.code})`;
    const waiting = { pause: WAIT, reason, error: error.toJSON() };
    const { outcome, since } = await waitForHost(this.#work, waiting);
    const text = `out of reach since ${new Date(since).toISOString()}; nobody saw how it ended.`;
    return outcome ?? lost(`${task.host}: ${text}`, task.id);
  }
}

function outcomeOfRun(run: CommandRun): Outcome {
  const result = resultOf(run);
  const details = { host: run.host, runId: run.id, exitCode: run.exitCode, signal: run.signal };
  const fail = (code: 'command.failed' | 'command.killed', text: string): Outcome => ({
    end: 'failed',
    error: new DeckhandError(code, `${run.host}: ${text}.`, { details }).toJSON(),
    result,
  });
  switch (run.verdict) {
    case 'succeeded':
      return { end: 'succeeded', result };
    case 'failed':
      return fail('command.failed', `the command ended with exit code ${run.exitCode}`);
    case 'killed':
      return fail('command.killed', `the command was ended by signal ${run.signal}`);
    case 'unknown':
      return {
        ...lost(`${run.host}: it began, its process is gone, and how it ended was not recorded.`, run.id),
        result,
      };
  }
}

function resultOf(run: CommandRun): Readonly<Record<string, unknown>> {
  const { verdict, exitCode, signal, stdoutBytes, stderrBytes, truncated, duration, id: runId } = run;
  return {
    verdict,
    exitCode,
    signal,
    stdoutBytes,
    stderrBytes,
    truncated,
    duration,
    runId,
  } satisfies ExecuteResult;
}

function lost(text: string, run: string): Extract<Outcome, { end: 'failed' | 'cancelled' | 'lost' }> {
  return { end: 'lost', error: new DeckhandError('task.lost', text, { details: { run } }).toJSON() };
}

function isMissing(error: unknown): boolean {
  return (
    error instanceof DeckhandError && error.code === 'command.unknown' && error.details['missing'] === true
  );
}
