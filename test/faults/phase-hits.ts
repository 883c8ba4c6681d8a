import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { TaskView } from '../../src/api/task-api.ts';
import { isFinal } from '../../src/core/task-state.ts';
import { DaemonUnderTest, killNow } from './daemon-under-test.ts';
import { type FaultKit, until } from './fault.ts';
import { FileMoves, type Move, MOVES } from './file-moves.ts';
import { partsLeft } from './file-trees.ts';
import { HeldLink } from './held-link.ts';
import { type LabFleet, labFleet } from './lab-fleet.ts';

export const HITS = ['executor', 'daemon', 'cut', 'cancel'] as const;
export type Hit = (typeof HITS)[number];

/** Where a transfer is held: its link falls silent after so many bytes of a phase. `end`: all is done, and not yet told. */
export interface Point {
  readonly phase: string;
  readonly bytes: number;
}

export interface Seen {
  readonly move: Move;
  readonly point: Point;
  /** False: nothing travelled there any more, and it ended by itself. */
  readonly isHeld: boolean;
  readonly state: string;
  readonly claims: number;
  /** A new task was needed: nothing had begun when its link was cut. */
  readonly again: boolean;
  readonly wrong: readonly string[];
}

/** Milliseconds without any packet: less than what a connection lasts. */
const SHORT_CUT = 4_000;
/** The other end of a copy is reached over a link of its own. */
const OTHER_END = 'cp-to';

/** Transfers of all kinds, each held open in a phase of the test's choice, and then hit. */
export class PhaseHits implements AsyncDisposable {
  readonly #kit: FaultKit;
  readonly #fleet: LabFleet;
  readonly #links: ReadonlyMap<string, HeldLink>;
  readonly #daemon: DaemonUnderTest;
  readonly #moves: FileMoves;
  readonly #gate: string;

  private constructor(
    kit: FaultKit,
    parts: {
      readonly fleet: LabFleet;
      readonly links: ReadonlyMap<string, HeldLink>;
      readonly daemon: DaemonUnderTest;
    },
  ) {
    [this.#kit, this.#fleet, this.#links, this.#daemon] = [kit, parts.fleet, parts.links, parts.daemon];
    this.#moves = new FileMoves(parts.daemon, parts.fleet, kit, {
      from: move => move,
      to: OTHER_END,
    });
    this.#gate = gateOf(kit);
  }

  static async start(kit: FaultKit, numbers: readonly [number, number]): Promise<PhaseHits> {
    const booted = await labFleet(numbers, kit.folder);
    const links = new Map<string, HeldLink>();
    const sshConfigFile = join(kit.folder, 'ssh', 'through-links');
    for (const name of [...MOVES, OTHER_END]) {
      const host = booted.hosts[name === OTHER_END ? 1 : 0];
      if (host === undefined) continue;
      const link = await HeldLink.to(host);
      links.set(name, link);
      const block = [
        `Host ${name}`,
        `  HostName 127.0.0.1\n  Port ${link.port}\n  HostKeyAlias ${host.address}`,
        `  User root\n  IdentityFile ${host.keyFile}\n  IdentitiesOnly yes`,
        `  UserKnownHostsFile ${host.knownHostsFile}\n  GlobalKnownHostsFile /dev/null`,
        // who is held while it connects waits for the slowest of the others
        '  ConnectTimeout 200\n',
      ];
      writeFileSync(sshConfigFile, block.join('\n'), { flag: 'a' });
    }
    mkdirSync(gateOf(kit));
    const daemon = await DaemonUnderTest.start(kit.folder, {
      PHASE_GATE: gateOf(kit),
      NODE_OPTIONS: `--import=${join(import.meta.dirname, 'phase-gate.ts')}`,
    });
    const fleet = { ...booted, surroundings: { ...booted.surroundings, sshConfigFile } };
    const hits = new PhaseHits(kit, { fleet, links, daemon });
    await hits.#moves.prepare({ files: 120, big: 5_000_000, large: 24_000_000 });
    return hits;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const link of this.#links.values()) await link[Symbol.asyncDispose]();
    await this.#daemon[Symbol.asyncDispose]();
    await this.#fleet[Symbol.asyncDispose]();
  }

  /** Each kind of transfer once, all at the same time, each held at its own point; then the same hit for all. */
  async turn(points: ReadonlyMap<Move, Point>, hit: Hit): Promise<readonly Seen[]> {
    const moves = [...points.keys()];
    const ids = await this.#moves.begin(moves, async () => {
      // a connection that is open already is not made again
      await this.#endExecutors();
      await this.#daemon.api.pauseQueue();
    });
    const silent = new Set<Move>();
    for (const [move, { phase, bytes }] of points) this.#arm(move, ids.get(move) ?? '', phase, bytes, silent);
    await this.#daemon.api.resumeQueue();
    const held = new Map<Move, boolean>();
    for (const [move, id] of ids)
      held.set(move, await this.#isHeld(id, () => silent.has(move) || this.#waits(id, points.get(move))));
    await this.#strike(hit, ids);
    this.#release(ids);
    const seen: Seen[] = [];
    for (const [move, point] of points) {
      const { task, again } = await this.#settled(ids.get(move) ?? '', hit);
      const wrong = await this.#wrong(move, hit, task);
      const isHeld = held.get(move) === true;
      seen.push({ move, point, isHeld, state: task.state, claims: task.claim, again, wrong });
    }
    const left = await partsLeft(this.#kit.folder, this.#fleet.hosts);
    const strangers = await this.#moves.strangers(moves);
    this.#kit.check(
      left.length === 0 && strangers.length === 0,
      `nothing half is left and nothing is anywhere else ${[...left, ...strangers].join(' ')}`,
    );
    await this.#moves.clear();
    for (const name of readdirSync(this.#gate)) rmSync(join(this.#gate, name));
    return seen;
  }

  #arm(move: Move, id: string, phase: string, bytes: number, silent: Set<Move>): void {
    writeFileSync(join(this.#gate, `wanted-${id}`), phase);
    if (phase === 'end') return;
    const links = this.#linksOf(move);
    for (const link of links)
      link.watch(join(this.#gate, `reached-${id}`), bytes, () => {
        for (const each of links) each.silence();
        silent.add(move);
      });
  }

  #linksOf(move: Move): readonly HeldLink[] {
    const names = move === 'cp' ? [move, OTHER_END] : [move];
    return names.flatMap(name => this.#links.get(name) ?? []);
  }

  /** It is done, and waits with its end. */
  #waits(id: string, point: Point | undefined): boolean {
    return point?.phase === 'end' && existsSync(join(this.#gate, `reached-${id}`));
  }

  async #isHeld(id: string, holds: () => boolean): Promise<boolean> {
    return await until(
      `${id} is held`,
      240_000,
      async () => {
        if (holds()) return true;
        const { state } = await this.#daemon.api.task(id);
        return isFinal(state) ? holds() : undefined;
      },
      20,
    );
  }

  #release(ids: ReadonlyMap<Move, string>): void {
    for (const id of ids.values()) writeFileSync(join(this.#gate, `go-${id}`), '');
    for (const link of this.#links.values()) link.release();
  }

  async #strike(hit: Hit, ids: ReadonlyMap<Move, string>): Promise<void> {
    const executors = await this.#daemon.executors();
    if (hit === 'executor') executors.forEach(killNow);
    if (hit === 'cancel')
      // one that was not held may have ended by itself
      for (const id of ids.values()) await this.#daemon.api.cancel(id, false).catch(() => undefined);
    if (hit === 'daemon') {
      await this.#daemon.kill();
      executors.forEach(killNow);
      this.#release(ids);
      await this.#daemon.start();
    }
    if (hit !== 'cut') return;
    await this.#net('blackhole');
    this.#release(ids);
    if (this.#kit.short) await pause(SHORT_CUT);
    else
      for (const id of ids.values())
        await this.#daemon.seen(id, 'is given up', ({ state }) => state !== 'running');
    await this.#net('ok');
  }

  async #net(state: 'blackhole' | 'ok'): Promise<void> {
    for (const host of this.#fleet.hosts) await host.net(state);
  }

  /** What lost its host before it had begun anything ends, and says that it may be tried again. */
  async #settled(id: string, hit: Hit): Promise<{ readonly task: TaskView; readonly again: boolean }> {
    const task = await this.#daemon.ended(id);
    if (hit !== 'cut' || task.begun || task.error?.retryable !== true) return { task, again: false };
    const { tasks } = await this.#daemon.api.retry(id);
    return { task: await this.#daemon.ended(tasks[0]?.id ?? ''), again: true };
  }

  async #wrong(move: Move, hit: Hit, { state, error }: TaskView): Promise<readonly string[]> {
    const isWell = state === 'succeeded' || (hit === 'cancel' && state === 'cancelled');
    const wrong = isWell ? [] : [`${state} ${error?.code} ${error?.message}`];
    const different = state === 'succeeded' ? await this.#moves.differs(move) : '';
    if (different !== '') wrong.push(`not whole: ${different}`);
    if (state === 'cancelled') wrong.push(...(await this.#moves.halves(move)));
    return wrong;
  }

  async #endExecutors(): Promise<void> {
    const pids = await this.#daemon.executors();
    pids.forEach(killNow);
    await until('no executor is left', 60_000, async () => {
      const left = await this.#daemon.executors();
      return pids.some(pid => left.includes(pid)) ? undefined : true;
    });
  }
}

function gateOf({ folder }: FaultKit): string {
  return join(folder, 'gate');
}
