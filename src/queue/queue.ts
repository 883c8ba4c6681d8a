import type { Clock } from '../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { KnownModelServers } from '../core/known-models.ts';
import type { ApprovalWord, NewTask, TaskRecord } from '../core/task.ts';
import type { AuditedDecision, Settlement, Store, TaskControl } from '../store/store.ts';
import { ClaimWriter } from './claim-writer.ts';
import { type ClaimMessage, ExecutorPool, type PoolMemberView } from './executor-pool.ts';
import type {
  Assignment,
  FromExecutor,
  QuestionRecord,
  StartExecutor,
  ToExecutor,
} from './executor-protocol.ts';
import { changedLimits, DEFAULT_LIMITS, type Limits } from './limits.ts';
import type { Chance } from './retry-policy.ts';
import { settlementOf, settlementOfCrash } from './settlement.ts';

/** Tasks taken in one claim: a commit each, and a few at a time keep the event loop free. */
const CLAIM_SIZE = 64;
/** Milliseconds until a forced cancel no longer waits for its executor. */
const FORCE_LIMIT = 3000;
/** Milliseconds after which the queue looks for work even when nothing woke it. */
const POLL = 1000;

export interface QueueOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly startExecutor: StartExecutor;
  readonly executors: number;
  readonly silenceLimit: number;
  readonly idleLimit: number;
  /** True: tasks of this kind live until they are stopped, and take no slot. */
  readonly isResident?: (kind: string) => boolean;
  /** A question for a person; answered by `answer`, or never. */
  readonly onQuestion: (question: QuestionRecord) => void;
  /** What the policy decided where a task runs; kept when the promise is done. */
  readonly onAudit?: (task: TaskRecord, entry: AuditedDecision) => Promise<void>;
  /** Model servers that a task may plan with. Absent: none are known here. */
  readonly knownModels?: () => Promise<KnownModelServers>;
  /** A defect of ours or of the store that no caller sees. */
  readonly onTrouble: (error: DeckhandError) => void;
}

interface Running {
  readonly task: TaskRecord;
  begun: boolean;
}

/** The one owner of the store: accepts, orders, hands out, settles. */
export class Queue implements AsyncDisposable {
  readonly #options: QueueOptions;
  readonly #store: Store;
  readonly #writer: ClaimWriter;
  readonly #pool: ExecutorPool;
  readonly #running = new Map<string, Running>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #limits: Limits;
  #paused: boolean;
  #stopping = false;
  #dirty = false;
  /** A task may wait for its cancel to be carried out on its host. */
  #mayCancel = true;
  #working: Promise<void> | undefined;
  #dueTimer: NodeJS.Timeout | undefined;
  #trouble: DeckhandError | undefined;
  readonly #poll: NodeJS.Timeout;

  private constructor(options: QueueOptions, limits: Limits, paused: boolean) {
    this.#options = options;
    this.#store = options.store;
    this.#limits = limits;
    this.#paused = paused;
    this.#writer = new ClaimWriter(options.store, options.clock);
    this.#pool = new ExecutorPool(
      {
        start: options.startExecutor,
        size: options.executors,
        clock: options.clock,
        silenceLimit: options.silenceLimit,
        idleLimit: options.idleLimit,
      },
      {
        onMessage: (message, task, reply) => this.#hear(message, task, reply),
        onLost: (claims, reason, culprit) => this.#lose(claims, reason, culprit),
      },
    );
    this.#poll = setInterval(() => {
      this.#mayCancel = true;
      this.wake();
    }, POLL).unref();
  }

  /** Takes the store over: whatever was running belongs to nobody, and goes on under new claims. */
  static async open(options: QueueOptions): Promise<Queue> {
    const { store, clock } = options;
    await store.recover(clock.now());
    const limits = changedLimits(DEFAULT_LIMITS, (await store.setting('limits')) ?? {});
    const queue = new Queue(options, limits, (await store.setting('paused')) === true);
    queue.wake();
    return queue;
  }

  get limits(): Limits {
    return this.#limits;
  }
  get paused(): boolean {
    return this.#paused;
  }
  /** What keeps the store from working, if anything does now. */
  get trouble(): DeckhandError | undefined {
    return this.#trouble;
  }
  executors(): readonly PoolMemberView[] {
    return this.#pool.view();
  }

  async submit(
    tasks: readonly NewTask[],
  ): Promise<readonly { readonly task: TaskRecord; readonly existed: boolean }[]> {
    const kept = await this.#store.submit(tasks, this.#options.clock.now());
    this.wake();
    return kept;
  }

  async control(id: string, control: TaskControl): Promise<TaskRecord> {
    const task = await this.#store.control(id, control, this.#options.clock.now());
    const running = this.#running.get(id);
    if (running && control.action === 'cancel') this.#tellCancel(running.task, control.force);
    if (running && control.action === 'pause')
      this.#pool.tell(id, { say: 'pause', task: id, claim: running.task.claim });
    if (control.action === 'cancel') this.#mayCancel = true;
    this.wake();
    return task;
  }

  async decide(
    approval: string,
    answer: 'approved' | 'declined',
    who: string,
    word: ApprovalWord = {},
  ): Promise<TaskRecord> {
    const task = await this.#store.decide(approval, answer, who, this.#options.clock.now(), word);
    this.wake();
    return task;
  }

  /** False: no running task waits for it. */
  answer(task: string, question: string, answer: string | null): boolean {
    return this.#pool.tell(task, { say: 'answer', question, answer });
  }

  async setLimits(change: Partial<Limits>): Promise<Limits> {
    const limits = changedLimits(this.#limits, change);
    await this.#store.saveSetting('limits', limits);
    this.#limits = limits;
    this.wake();
    return limits;
  }

  async setPaused(paused: boolean): Promise<void> {
    await this.#store.saveSetting('paused', paused);
    this.#paused = paused;
    this.wake();
  }

  /** Something may be ready to run. */
  wake(): void {
    this.#dirty = true;
    this.#working ??= this.#work();
  }

  /** Stops claiming and lets every claim go where it stands; commands on hosts go on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#poll);
    clearTimeout(this.#dueTimer);
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#working;
    await this.#pool[Symbol.asyncDispose]();
    await this.#writer.settled();
  }

  async #work(): Promise<void> {
    try {
      while (this.#dirty && !this.#stopping) {
        this.#dirty = false;
        await this.#claim();
      }
      this.#trouble = undefined;
    } catch (error) {
      this.#report(error);
    } finally {
      this.#working = undefined;
    }
  }

  async #claim(): Promise<void> {
    const { clock } = this.#options;
    for (;;) {
      const slots = this.#paused ? 0 : this.#limits.total - this.#busySlots();
      const free = Math.max(0, Math.min(slots, CLAIM_SIZE));
      // a cancel is carried out though nothing else may begin
      if (this.#stopping || (free === 0 && !this.#mayCancel)) return;
      this.#mayCancel = false;
      const limits = { free, hostDefault: this.#limits.perHost, hostLimits: this.#limits.hosts };
      const claimed = await this.#store.claim('executor', limits, clock.now());
      await Promise.all(claimed.map(async task => await this.#assign(task)));
      if (claimed.length < free) break;
    }
    this.#wakeWhenDue(await this.#store.nextDue());
  }

  #busySlots(): number {
    const { isResident } = this.#options;
    if (!isResident) return this.#running.size;
    let busy = 0;
    for (const { task } of this.#running.values()) if (!isResident(task.kind)) busy += 1;
    return busy;
  }

  #wakeWhenDue(due: number | null): void {
    clearTimeout(this.#dueTimer);
    if (due === null) return;
    const wait = Math.min(Math.max(due - this.#options.clock.now(), 0), POLL);
    this.#dueTimer = setTimeout(() => this.wake(), wait).unref();
  }

  async #assign(task: TaskRecord): Promise<void> {
    this.#running.set(task.id, { task, begun: task.begun });
    try {
      const assignment = await this.#assignmentOf(task);
      this.#pool.run(task, () => ({ say: 'run', assignment }));
    } catch (error) {
      this.#report(error);
      const reason = toDeckhandError(error).message;
      this.#settle(task, settlementOfCrash(task, { reason, culprit: undefined, begun: task.begun }));
    }
  }

  async #assignmentOf(task: TaskRecord): Promise<Assignment> {
    const store = this.#store;
    const input = await store.input(task.id);
    if (task.claim === 1)
      return { task, input, seen: { stdout: 0, stderr: 0 }, steps: new Map(), approved: [] };
    const [seen, steps, approvals] = await Promise.all([
      store.outputLength(task.id),
      store.steps(task.id),
      store.approvals({ task: task.id, state: 'approved' }),
    ]);
    return { task, input, seen, steps, approved: approvals };
  }

  #hear(message: ClaimMessage, task: TaskRecord, reply: (message: ToExecutor) => void): void {
    if (message.say === 'write') void this.#keep(message, task, reply);
    else if (message.say === 'question') this.#options.onQuestion(message.question);
    else if (message.say === 'models') void this.#tellModels(message.number, reply);
    else {
      const { clock, chance } = this.#options;
      const begun = this.#running.get(task.id)?.begun ?? task.begun;
      this.#settle(task, settlementOf(task, message.outcome, { begun, now: clock.now(), chance }));
    }
  }

  async #tellModels(number: number, reply: (message: ToExecutor) => void): Promise<void> {
    const none = { deployments: [], attached: [], tunnels: [] };
    try {
      reply({ say: 'models', number, known: (await this.#options.knownModels?.()) ?? none });
    } catch (error) {
      this.#report(error);
      reply({ say: 'models', number, known: null });
    }
  }

  async #keep(
    message: Extract<FromExecutor, { say: 'write' }>,
    task: TaskRecord,
    reply: (message: ToExecutor) => void,
  ): Promise<void> {
    const { number, writes } = message;
    const running = this.#running.get(task.id);
    if (running && writes.some(({ write }) => write === 'begun')) running.begun = true;
    try {
      for (const write of writes) {
        if (write.write === 'audit') await this.#options.onAudit?.(task, write.entry);
      }
      const outcomes = await Promise.all(writes.map(async write => await this.#writer.write(write)));
      reply({ say: 'kept', number, fenced: outcomes.includes('fenced') });
    } catch (error) {
      // not kept yet: the executor waits, and does not go on as if it were
      this.#report(error);
      this.#retryLater(() => void this.#keep(message, task, reply));
    }
  }

  #settle(task: TaskRecord, settlement: Settlement): void {
    this.#pool.release(task.id);
    void this.#keepSettlement(task, settlement);
  }

  async #keepSettlement(task: TaskRecord, settlement: Settlement): Promise<void> {
    const { id, claim } = task;
    try {
      await this.#writer.write({ task: id, claim, write: 'settle', settlement });
      if (this.#running.get(id)?.task.claim === claim) this.#running.delete(id);
      this.wake();
    } catch (error) {
      this.#report(error);
      this.#retryLater(() => void this.#keepSettlement(task, settlement));
    }
  }

  #lose(claims: readonly TaskRecord[], reason: string, culprit: string | undefined): void {
    this.#mayCancel = true;
    for (const task of claims) {
      const begun = this.#running.get(task.id)?.begun ?? task.begun;
      this.#settle(
        task,
        this.#stopping
          ? { to: 'queued', reason, crashed: false }
          : settlementOfCrash(task, { reason, culprit, begun }),
      );
    }
  }

  #tellCancel(task: TaskRecord, force: boolean): void {
    this.#pool.tell(task.id, { say: 'cancel', task: task.id, claim: task.claim, force });
    if (!force) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (this.#running.get(task.id)?.task.claim !== task.claim) return;
      const error = new DeckhandError(
        'command.cancel-unproved',
        `${task.title}: cancelled by force; its executor did not answer, and what it began may still run.`,
        { details: { task: task.id, host: task.host } },
      );
      this.#settle(task, { to: 'cancelled', error: error.toJSON() });
    }, FORCE_LIMIT);
    timer.unref();
    this.#timers.add(timer);
  }

  #retryLater(work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, POLL);
    timer.unref();
    this.#timers.add(timer);
  }

  #report(error: unknown): void {
    this.#trouble = toDeckhandError(error);
    this.#options.onTrouble(this.#trouble);
  }
}
