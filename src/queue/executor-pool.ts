import type { Clock } from '../core/clock.ts';
import type { TaskRecord } from '../core/task.ts';
import type { Fence } from '../store/store.ts';
import type { Executor, FromExecutor, StartExecutor, ToExecutor } from './executor-protocol.ts';
import { Placement } from './placement.ts';
import { Silence } from './silence.ts';

/** Milliseconds between two looks at the executors. */
const LOOK = 1000;
/** Milliseconds that an executor may take to start: a busy machine is no reason to start another one. */
const START_LIMIT = 120_000;
/** Milliseconds of further silence after which one that was given up is ended. */
const RETIRED_LIMIT = 60_000;

export interface PoolOptions {
  readonly start: StartExecutor;
  /** Executors at most; tasks of one host always meet at the same one, so that they share its connection. */
  readonly size: number;
  readonly clock: Clock;
  /** Milliseconds without a sign of life after which an executor counts as gone, unless it only waits for its turn. */
  readonly silenceLimit: number;
  /** Milliseconds without work after which an executor is let go; 0 = never. */
  readonly idleLimit: number;
}

export interface PoolListener {
  /** Of a claim that is the executor's own. `reply` reaches the executor that said it. */
  readonly onMessage: (message: ClaimMessage, task: TaskRecord, reply: (message: ToExecutor) => void) => void;
  /** An executor is gone with these claims; each is to be settled. `culprit` = the task that brought it down, if it said so. */
  readonly onLost: (claims: readonly TaskRecord[], reason: string, culprit: string | undefined) => void;
}

/** What an executor says of one claim while it lives. */
export type ClaimMessage = Exclude<FromExecutor, { say: 'ready' | 'alive' | 'crashing' }>;

interface Member {
  readonly executor: Executor;
  readonly slot: number;
  readonly claims: Map<string, TaskRecord>;
  readonly silence: Silence;
  lastSeen: number;
  /** It has started, and says so every second. */
  ready: boolean;
  idleSince: number;
  /** The task that brings it down, by its own last words. */
  culprit: string | undefined;
  /** Fell silent or was told to leave: gets no new work, and what it still says of its claims is fenced. */
  retired: boolean;
}

export interface PoolMemberView {
  readonly name: string;
  readonly pid: number | null;
  readonly running: number;
  readonly crashes: number;
}

/** The executors: started when there is work, watched, replaced when they die, let go when idle. */
export class ExecutorPool implements AsyncDisposable {
  readonly #options: PoolOptions;
  readonly #listener: PoolListener;
  readonly #placement: Placement;
  readonly #members = new Map<number, Member>();
  readonly #retired = new Set<Member>();
  readonly #crashes = new Map<number, number>();
  readonly #ended = new Set<() => void>();
  #lastLook: number;
  readonly #timer: NodeJS.Timeout;

  constructor(options: PoolOptions, listener: PoolListener) {
    this.#options = options;
    this.#listener = listener;
    this.#placement = new Placement(options.size);
    this.#lastLook = options.clock.monotonic();
    this.#timer = setInterval(() => this.#look(), LOOK).unref();
  }

  /** Gives a claimed task to its executor. */
  run(task: TaskRecord, message: (name: string) => ToExecutor): void {
    const member = this.#memberFor(task);
    member.claims.set(task.id, task);
    member.executor.send(message(member.executor.name));
  }

  /** False: no executor has this claim. */
  tell(task: string, message: ToExecutor): boolean {
    const member = [...this.#members.values()].find(candidate => candidate.claims.has(task));
    member?.executor.send(message);
    return member !== undefined;
  }

  /** The claim is settled: whatever else comes of it is fenced. */
  release(task: string): void {
    for (const member of this.#members.values()) {
      if (!member.claims.delete(task)) continue;
      member.idleSince = this.#options.clock.monotonic();
    }
  }

  view(): readonly PoolMemberView[] {
    return [...this.#members.values()].map(({ executor, claims, slot }) => ({
      name: executor.name,
      pid: executor.pid,
      running: claims.size,
      crashes: this.#crashes.get(slot) ?? 0,
    }));
  }

  /** Tells every executor to leave; resolves when each has ended, or after `limit` milliseconds by force. */
  async leave(limit: number): Promise<void> {
    const done = new AbortController();
    for (const member of this.#members.values()) member.executor.send({ say: 'leave' });
    const allEnded = (async () => {
      while (this.#members.size > 0) await new Promise<void>(resolve => this.#ended.add(resolve));
    })();
    const timeUp = this.#options.clock.sleep(limit, done.signal).catch(() => undefined);
    await Promise.race([allEnded, timeUp]);
    done.abort();
    for (const member of [...this.#members.values(), ...this.#retired]) member.executor.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.leave(3000);
  }

  #memberFor(task: TaskRecord): Member {
    const slot = this.#placement.slotOf(task);
    return this.#members.get(slot) ?? this.#start(slot);
  }

  #start(slot: number): Member {
    const name = `executor-${slot + 1}`;
    const now = this.#options.clock.monotonic();
    const members: Member[] = [];
    const executor = this.#options.start(name, {
      onMessage: message => {
        const [member] = members;
        if (member) this.#hear(member, message);
      },
      onExit: reason => {
        const [member] = members;
        if (member) this.#gone(member, reason, true);
      },
    });
    const member: Member = {
      executor,
      slot,
      claims: new Map(),
      silence: new Silence(this.#options.silenceLimit, () => executor.pulse?.() ?? null),
      lastSeen: now,
      ready: false,
      idleSince: now,
      culprit: undefined,
      retired: false,
    };
    members.push(member);
    this.#members.set(slot, member);
    return member;
  }

  #hear(member: Member, message: FromExecutor): void {
    member.lastSeen = this.#options.clock.monotonic();
    member.ready = true;
    if (message.say === 'alive' || message.say === 'ready') {
      if (member.retired) member.executor.send({ say: 'leave' });
      return;
    }
    const { task: id, claim } = claimOf(message);
    const task = member.claims.get(id);
    if (message.say === 'crashing') {
      if (task?.claim === claim) member.culprit = id;
    } else if (task?.claim === claim) {
      this.#listener.onMessage(message, task, answer => member.executor.send(answer));
    } else if (message.say === 'write') {
      // what a thawed executor says of claims that are no longer its own
      member.executor.send({ say: 'kept', number: message.number, fenced: true });
    }
  }

  #gone(member: Member, reason: string, ended: boolean): void {
    const claims = [...member.claims.values()];
    member.claims.clear();
    if (this.#members.get(member.slot) === member) {
      this.#members.delete(member.slot);
      this.#placement.forget(member.slot);
    }
    if (ended) this.#retired.delete(member);
    else this.#retired.add(member);
    if (!member.retired && claims.length > 0)
      this.#crashes.set(member.slot, (this.#crashes.get(member.slot) ?? 0) + 1);
    member.retired = true;
    for (const resolve of this.#ended) resolve();
    this.#ended.clear();
    if (claims.length > 0) this.#listener.onLost(claims, reason, member.culprit);
  }

  #look(): void {
    const { clock, silenceLimit, idleLimit } = this.#options;
    const now = clock.monotonic();
    const late = now - this.#lastLook > 3 * LOOK;
    this.#lastLook = now;
    for (const member of Array.from(this.#members.values())) {
      // when we ourselves did not run (a suspended laptop), their silence means nothing
      if (late) member.lastSeen = now;
      if (member.executor.pid === null) continue;
      const { ready, silence, lastSeen } = member;
      if (ready ? silence.isStuck(now, lastSeen) : now - lastSeen > START_LIMIT)
        this.#gone(member, `${member.executor.name} fell silent`, false);
      else if (idleLimit > 0 && member.claims.size === 0 && now - member.idleSince > idleLimit) {
        this.#gone(member, 'idle', false);
        member.executor.send({ say: 'leave' });
      }
    }
    for (const member of this.#retired) {
      if (late) member.lastSeen = now;
      if (now - member.lastSeen > silenceLimit + RETIRED_LIMIT) member.executor.kill();
    }
  }
}

function claimOf(message: Exclude<FromExecutor, { say: 'ready' | 'alive' }>): Fence {
  if (message.say === 'write') return message.fence;
  if (message.say === 'question') return { task: message.question.task, claim: message.claim };
  return message;
}
