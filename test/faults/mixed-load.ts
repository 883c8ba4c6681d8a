import type { Submission, TaskView } from '../../src/api/task-api.ts';
import { DeckhandError } from '../../src/core/deckhand-error.ts';
import { isFinal } from '../../src/core/task-state.ts';
import type { LabHost } from '../lab/lab.ts';
import type { DaemonUnderTest } from './daemon-under-test.ts';
import { type FaultKit, pick, randomBetween, until } from './fault.ts';
import { partsLeft } from './file-trees.ts';
import { LoadFiles } from './load-files.ts';
import { type LabFleet, onHost, processesOf } from './lab-fleet.ts';
import { agentPlan, longCommand, shortCommand } from './load-commands.ts';
import { readOutput } from './task-output.ts';

type Kind = 'short' | 'long' | 'agent' | 'cancelled' | 'upload' | 'sync';

interface Piece {
  readonly kind: Kind;
  readonly key: string;
  readonly host: LabHost;
  readonly exitCode: number;
  id: string;
}

/** Work of every sort on every host, and after it the question whether all of it came out right. */
export class MixedLoad {
  readonly #daemon: DaemonUnderTest;
  readonly #fleet: LabFleet;
  readonly #pieces: Piece[] = [];
  readonly #cancels: Promise<void>[] = [];
  /** Short commands more often than long ones. */
  readonly #kinds: readonly Kind[] = [
    'short',
    'upload',
    'short',
    'long',
    'agent',
    'sync',
    'short',
    'cancelled',
  ];
  readonly #faults: string[] = [];
  #number = 0;

  readonly #files: LoadFiles;
  readonly #retry: Submission['retry'];

  /** `retry`: of every task, where hosts may be out of reach for longer than a task tries by itself. */
  constructor(daemon: DaemonUnderTest, fleet: LabFleet, retry?: Submission['retry']) {
    this.#retry = retry;
    this.#files = new LoadFiles(daemon.folder);
    this.#daemon = daemon;
    this.#fleet = fleet;
  }

  get size(): number {
    return this.#pieces.length;
  }

  /** Keeps about `depth` tasks unfinished until the signal is aborted. */
  async keepBusy(depth: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { counts } = await this.#daemon.persist(async api => await api.health());
      const open = Object.entries(counts).reduce(
        (sum, [state, count]) => (isFinal(state as TaskView['state']) ? sum : sum + count),
        0,
      );
      for (let missing = depth - open; missing > 0 && !signal.aborted; missing -= 1) await this.#submitOne();
      await new Promise(resolve => setTimeout(resolve, 150));
    }
  }

  async #submitOne(): Promise<void> {
    this.#number += 1;
    const kind = this.#kinds[this.#number % this.#kinds.length] ?? 'short';
    const piece: Piece = {
      kind,
      key: `key-${this.#number}`,
      host: pick(this.#fleet.hosts),
      exitCode: kind === 'short' && this.#number % 4 === 0 ? 7 : 0,
      id: '',
    };
    // the same key as often as it takes: the first answer may have been lost after the work was accepted
    const { tasks } = await this.#daemon.persist(async api => await api.submit(this.#submission(piece)));
    piece.id = tasks[0]?.id ?? '';
    this.#pieces.push(piece);
    if (kind === 'cancelled') this.#cancels.push(this.#cancelSoon(piece));
  }

  #submission({ kind, key, host, exitCode }: Piece): Submission {
    const { surroundings } = this.#fleet;
    const retry = this.#retry === undefined ? {} : { retry: this.#retry };
    const common = { surroundings, hosts: host.name, idempotencyKey: key, ...retry };
    if (kind === 'agent')
      return { ...common, kind: 'agent.run', params: { plan: agentPlan(key), mode: 'run', approve: 'yes' } };
    if (kind === 'upload' || kind === 'sync') return { ...common, ...this.#files.submission(kind, key) };
    const command =
      kind === 'short'
        ? shortCommand(key, exitCode)
        : kind === 'long'
          ? longCommand(key, randomBetween(4, 16))
          : `echo ${key} >>/root/counter; sleep 600`;
    return { ...common, kind: 'ssh.execute', params: { command, outputLimit: 16 * 1024 ** 2 } };
  }

  async #cancelSoon({ id }: Piece): Promise<void> {
    await new Promise(resolve => setTimeout(resolve, randomBetween(0, 4000)));
    try {
      await this.#daemon.persist(async api => await api.cancel(id, false));
    } catch (error) {
      // the first answer was lost, and it has been cancelled meanwhile
      if (!(error instanceof DeckhandError) || error.code !== 'task.illegal-state') throw error;
    }
  }

  /** Waits for the end of everything and looks at it from both sides. */
  async judge({ check, say }: FaultKit, limit = 180_000): Promise<void> {
    await Promise.all(this.#cancels);
    const ended = await this.#endOfAll(limit);
    const open = this.#pieces.filter(({ id }) => !ended.has(id));
    const tally = (state: string): number => [...ended.values()].filter(task => task.state === state).length;
    say(
      `${this.#pieces.length} tasks: ${tally('succeeded')} succeeded, ${tally('failed')} failed, ${tally('cancelled')} cancelled`,
    );
    check(open.length === 0, `${open.length} acknowledged tasks without an end`);
    check(tally('lost') === 0, `${tally('lost')} tasks lost`);
    for (const piece of this.#pieces) {
      const task = ended.get(piece.id);
      if (task) await this.#judgeOne(piece, task);
    }
    for (const fault of this.#faults.slice(0, 10)) say(fault);
    check(this.#faults.length === 0, `${this.#faults.length} tasks whose end, exit code or output is wrong`);
    await this.#judgeHosts(check);
  }

  async #endOfAll(limit: number): Promise<ReadonlyMap<string, TaskView>> {
    const ended = new Map<string, TaskView>();
    await until('everything ends', limit, async () => {
      for (const { id } of this.#pieces) {
        if (ended.has(id)) continue;
        const task = await this.#daemon.persist(async api => await api.task(id));
        if (!isFinal(task.state)) return undefined;
        ended.set(id, task);
      }
      return true;
    }).catch(() => undefined);
    return ended;
  }

  async #judgeOne({ kind, key, host, exitCode, id }: Piece, task: TaskView): Promise<void> {
    const wanted = kind === 'cancelled' ? 'cancelled' : exitCode === 0 ? 'succeeded' : 'failed';
    const code = task.result?.['exitCode'];
    if (task.state !== wanted)
      this.#faults.push(
        `${id} (${kind} ${key}) is ${task.state}, wanted ${wanted}: ${JSON.stringify(task.error)}`,
      );
    else if (kind === 'short' && code !== exitCode)
      this.#faults.push(`${id}: exit code ${String(code)}, wanted ${exitCode}`);
    if (kind !== 'long' || task.state !== 'succeeded') return;
    for (const stream of ['stdout', 'stderr'] as const) {
      const { sha256, breaks } = await readOutput(this.#daemon, id, stream);
      const [theirs] = (await onHost(host, `sha256sum /root/${stream}-${key}`)).split(' ');
      if (sha256 !== theirs || breaks > 0)
        this.#faults.push(`${id}: its ${stream} differs from the host's (${breaks} breaks)`);
    }
  }

  async #judgeHosts(check: FaultKit['check']): Promise<void> {
    let twice = 0;
    let never = 0;
    const left: string[] = [];
    let files = 0;
    const torn: string[] = [];
    for (const host of this.#fleet.hosts) {
      const lines = (await onHost(host, 'cat /root/counter 2>/dev/null; true')).trim().split('\n');
      const seen = new Map<string, number>();
      for (const line of lines) seen.set(line, (seen.get(line) ?? 0) + 1);
      for (const { key, kind } of this.#pieces.filter(piece => piece.host === host)) {
        if (kind === 'upload' || kind === 'sync') continue;
        const count = seen.get(key) ?? 0;
        if (count > 1) twice += 1;
        if (count === 0 && kind !== 'cancelled') never += 1;
      }
      left.push(...(await processesOf(host, 'task-')).map(line => `${host.name} ${line.slice(0, 300)}`));
      const moved = this.#pieces.filter(
        piece => piece.host === host && ['upload', 'sync'].includes(piece.kind),
      );
      const keys = moved.map(({ key }) => key);
      torn.push(
        ...(await this.#files.differing(host, keys)),
        ...(await partsLeft(this.#daemon.folder, [host])),
      );
      files += keys.length;
    }
    check(
      torn.length === 0,
      `${files} trees moved, ${torn.length} not whole or with parts left ${torn.slice(0, 3).join(' ')}`,
    );
    check(twice === 0, `${twice} tasks that were carried out twice`);
    check(never === 0, `${never} tasks that were never carried out`);
    check(left.length === 0, `${left.length} processes of tasks left on hosts ${left.join('\n      ')}`);
  }
}
