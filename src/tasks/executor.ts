import { AsyncLocalStorage } from 'node:async_hooks';
import type { Improved } from '../agent/improve.ts';
import type { Clock } from '../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import { newId } from '../core/ids.ts';
import type { KnownModelServers } from '../core/known-models.ts';
import type { PlanningModel } from '../core/planning-model.ts';
import type { Surroundings } from '../core/task.ts';
import type { Assignment, FromExecutor, Outcome, ToExecutor } from '../queue/executor-protocol.ts';
import type { ClaimWrite, Fence } from '../store/store.ts';
import { ClaimReports } from './claim-reports.ts';
import type { HostAccess, TaskPrompts } from './host-access.ts';
import { programApproval } from './program-approval.ts';
import type { Asked, LeaveReason, PlanningRun, PlanningWish, TaskWork } from './task-kind.ts';
import type { TaskRegistry } from './task-registry.ts';

export interface TaskExecutorOptions {
  readonly registry: TaskRegistry;
  readonly clock: Clock;
  readonly hosts: (surroundings: Surroundings, prompts: TaskPrompts) => Promise<HostAccess>;
  readonly planning: {
    readonly modelFor: (run: PlanningRun, wish: PlanningWish) => Promise<PlanningModel | null>;
    readonly improved: (run: PlanningRun, request: string, wish: PlanningWish) => Promise<Improved | null>;
  };
  readonly send: (message: FromExecutor) => void;
}

interface Claim {
  readonly assignment: Assignment;
  readonly reports: ClaimReports;
  readonly cancel: AbortController;
  readonly force: AbortController;
  readonly leave: AbortController;
  pause: (() => Promise<void>) | undefined;
}

/** Carries out claims by their kinds; the same in a process of its own and inside the engine. */
export class TaskExecutor {
  readonly #options: TaskExecutorOptions;
  readonly #claims = new Map<string, Claim>();
  readonly #questions = new Map<string, (answer: string | null) => void>();
  /** Whose work is being done just now: what follows from it carries it along. */
  readonly #present = new AsyncLocalStorage<Fence>();
  readonly #unkept = new Map<number, (fenced: boolean) => void>();
  readonly #unknown = new Map<number, (known: KnownModelServers | null) => void>();
  #writes = 0;
  #looks = 0;
  #idle: (() => void)[] = [];

  constructor(options: TaskExecutorOptions) {
    this.#options = options;
  }

  readonly hear = (message: ToExecutor): void => {
    switch (message.say) {
      case 'run':
        void this.#run(message.assignment);
        return;
      case 'cancel':
        this.#cancel(message);
        return;
      case 'pause':
        void this.#pause(message);
        return;
      case 'answer':
        this.#questions.get(message.question)?.(message.answer);
        return;
      case 'kept':
        this.#unkept.get(message.number)?.(message.fenced);
        this.#unkept.delete(message.number);
        return;
      case 'models':
        this.#unknown.get(message.number)?.(message.known);
        this.#unknown.delete(message.number);
        return;
      case 'leave':
        for (const claim of this.#claims.values()) claim.leave.abort('left' satisfies LeaveReason);
    }
  };

  /** The claim that the running code belongs to, as far as that is known. */
  get present(): Fence | undefined {
    return this.#present.getStore();
  }

  /** Resolves when no claim is left. */
  async idle(): Promise<void> {
    if (this.#claims.size > 0) await new Promise<void>(resolve => this.#idle.push(resolve));
  }

  async #run(assignment: Assignment): Promise<void> {
    const { task } = assignment;
    const fence = { task: task.id, claim: task.claim };
    const claim: Claim = {
      assignment,
      reports: new ClaimReports(fence, assignment.seen, this.#options.clock, async writes => {
        if (await this.#write(fence, writes)) claim.leave.abort('fenced' satisfies LeaveReason);
      }),
      cancel: new AbortController(),
      force: new AbortController(),
      leave: new AbortController(),
      pause: undefined,
    };
    this.#claims.set(task.id, claim);
    if (task.cancelAsked !== 'no') claim.cancel.abort(cancelled(task.title));
    if (task.cancelAsked === 'force') claim.force.abort();
    const outcome = await this.#carryOut(claim);
    await claim.reports.finish();
    if (this.#claims.get(task.id) === claim) this.#claims.delete(task.id);
    if (claim.leave.signal.reason !== 'fenced') this.#options.send({ say: 'ended', ...fence, outcome });
    if (this.#claims.size > 0) return;
    for (const resolve of this.#idle) resolve();
    this.#idle = [];
  }

  async #carryOut(claim: Claim): Promise<Outcome> {
    const { task } = claim.assignment;
    try {
      const kind = this.#options.registry.kind(task.kind);
      const approval = programApproval(claim.assignment, this.#options.clock.now());
      if (approval && 'ask' in approval) return { end: 'approval', approval: approval.ask };
      if (approval) await claim.reports.useApproval(approval.use, approval.step);
      const hosts = await this.#options.hosts(task.surroundings, this.#prompts(claim));
      const fence = { task: task.id, claim: task.claim };
      return await this.#present.run(fence, async () => await kind.run(this.#workOf(claim, hosts)));
    } catch (thrown) {
      return outcomeOfError(thrown, claim);
    }
  }

  #workOf(claim: Claim, hosts: HostAccess): TaskWork<unknown> {
    const { assignment, reports, cancel, force, leave } = claim;
    const work: TaskWork<unknown> = {
      ...assignment,
      params: assignment.task.params,
      hosts,
      clock: this.#options.clock,
      cancel: cancel.signal,
      force: force.signal,
      leave: leave.signal,
      onPause: pause => {
        claim.pause = pause;
      },
      emit: body => reports.event(body),
      output: (stream, bytes) => reports.output(stream, bytes),
      progress: progress => reports.progress(progress),
      phase: phase => reports.phase(phase),
      begin: async (host, runId) => await reports.begin(host, runId),
      remember: async (name, output) => await reports.remember(name, output),
      deployed: async deployment => await reports.deployed(deployment),
      undeployed: async (host, name) => await reports.undeployed(host, name),
      attached: async model => await reports.attached(model),
      detached: async (host, name) => await reports.detached(host, name),
      useApproval: async (approval, step) => await reports.useApproval(approval, step),
      audit: async entry => await reports.audit(entry),
      ask: async question => await this.#ask(claim, question),
      planningModel: async wish => await this.#options.planning.modelFor(planningRun(), wish),
      improvedElsewhere: async (request, wish) =>
        await this.#options.planning.improved(planningRun(), request, wish),
    };
    const planningRun = (): PlanningRun => ({ ...work, knownModels: async () => await this.#look(claim) });
    return work;
  }

  #cancel({ task, claim: number, force }: Extract<ToExecutor, { say: 'cancel' }>): void {
    const claim = this.#claims.get(task);
    if (claim?.assignment.task.claim !== number) return;
    claim.cancel.abort(cancelled(claim.assignment.task.title));
    if (force) claim.force.abort();
  }

  async #pause({ task, claim: number }: Extract<ToExecutor, { say: 'pause' }>): Promise<void> {
    const claim = this.#claims.get(task);
    if (claim?.assignment.task.claim !== number) return;
    try {
      await claim.pause?.();
      claim.leave.abort('paused' satisfies LeaveReason);
    } catch (error) {
      // it goes on, and says why it could not be stopped
      claim.reports.event({ kind: 'note', text: `not paused: ${toDeckhandError(error).message}` });
    }
  }

  /** True: the claim is no longer ours. */
  async #write(fence: Fence, writes: readonly ClaimWrite[]): Promise<boolean> {
    this.#writes += 1;
    const number = this.#writes;
    return await new Promise(resolve => {
      this.#unkept.set(number, resolve);
      this.#options.send({ say: 'write', number, fence, writes });
    });
  }

  async #look({ assignment: { task }, leave, cancel }: Claim): Promise<KnownModelServers> {
    const gone = AbortSignal.any([leave.signal, cancel.signal]);
    this.#looks += 1;
    const number = this.#looks;
    const known = await new Promise<KnownModelServers | null>(resolve => {
      this.#unknown.set(number, resolve);
      gone.addEventListener('abort', () => resolve(null), { once: true });
      if (gone.aborted) resolve(null);
      else this.#options.send({ say: 'models', task: task.id, claim: task.claim, number });
    });
    this.#unknown.delete(number);
    if (known) return known;
    throw new DeckhandError('planner.unreachable', 'The engine cannot say which model servers it knows.');
  }

  async #ask({ assignment: { task }, leave, cancel }: Claim, asked: Asked): Promise<string | null> {
    const id = newId('ask', this.#options.clock.now());
    const gone = AbortSignal.any([leave.signal, cancel.signal]);
    return await new Promise(resolve => {
      const done = (answer: string | null): void => {
        this.#questions.delete(id);
        gone.removeEventListener('abort', nobody);
        resolve(answer);
      };
      const nobody = (): void => done(null);
      gone.addEventListener('abort', nobody, { once: true });
      this.#questions.set(id, done);
      if (gone.aborted) nobody();
      else
        this.#options.send({ say: 'question', claim: task.claim, question: { ...asked, id, task: task.id } });
    });
  }

  #prompts(claim: Claim): TaskPrompts {
    const ask = async (asked: Asked): Promise<string | null> => await this.#ask(claim, asked);
    let sudo: Promise<string | null> | undefined;
    return {
      password: async (host, user) => await ask({ ask: 'password', host, user }),
      passphrase: async keyFile =>
        await ask({ ask: 'passphrase', host: claim.assignment.task.host ?? '', keyFile }),
      sudoPassword: async host => await (sudo ??= ask({ ask: 'sudo-password', host })),
      acceptHostKey: async (host, { type, fingerprint }) =>
        (await ask({ ask: 'accept-host-key', host, keyType: type, fingerprint })) === 'yes',
    };
  }
}

function cancelled(title: string): DeckhandError {
  return new DeckhandError('command.cancelled', `${title}: cancelled.`);
}

function outcomeOfError(thrown: unknown, { leave, cancel, assignment }: Claim): Outcome {
  if (leave.signal.aborted) return leave.signal.reason === 'paused' ? { end: 'paused' } : { end: 'left' };
  const error = toDeckhandError(thrown);
  const isCancel = error.code === 'command.cancelled' && cancel.signal.aborted;
  if (isCancel) return { end: 'cancelled', error: cancelled(assignment.task.title).toJSON() };
  return { end: 'failed', error: error.toJSON() };
}
