import { type Caller, isOwner, mayDo } from '../../api/caller.ts';
import type { FollowItem, Submission, TaskApi } from '../../api/task-api.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { TaskRecord } from '../../core/task.ts';
import type { DeskRequest } from './desk-parts.ts';
import { membersOf } from './members-of.ts';

/**
 * What works on hosts and touches nothing of this machine. The others read or write files of this account or open
 * ports of this machine: for whoever was let in they need a token that names them.
 */
const ON_HOSTS_ONLY = new Set([
  'ssh.execute',
  'ssh.connect',
  'host.facts',
  'host.doctor',
  'agent.run',
  'scp.list',
  'model.status',
  'model.logs',
  'model.follow',
  'model.look',
  'file.read',
  'file.write',
]);

/** The same desk as somebody who was let in may use it: their kinds, their hosts, and no yes to their own wishes. */
export function scopedDesk(desk: TaskApi, request: DeskRequest, caller: Caller): TaskApi {
  if (isOwner(caller)) return desk;
  const scope = new Scope(request, caller);
  const checked =
    <Given extends readonly unknown[], Answer>(method: (id: string, ...given: Given) => Promise<Answer>) =>
    async (id: string, ...given: Given): Promise<Answer> => {
      await scope.checkId(id);
      return await method(id, ...given);
    };
  const whole =
    <Given extends readonly unknown[], Answer>(what: string, method: (...given: Given) => Promise<Answer>) =>
    async (...given: Given): Promise<Answer> => {
      scope.refuseLimited(what);
      return await method(...given);
    };
  const asked = (submission: Submission): Submission => ({
    ...submission,
    surroundings: { ...submission.surroundings, asker: caller.who },
  });
  return {
    ...desk,
    async submit(submission) {
      await scope.checkSubmission(submission);
      return await desk.submit(asked(submission));
    },
    async *submitAndFollow(submission, options): AsyncGenerator<FollowItem> {
      await scope.checkSubmission(submission);
      yield* desk.submitAndFollow(asked(submission), options);
    },
    async addSchedule(schedule) {
      await scope.checkSubmission(schedule.submission);
      return await desk.addSchedule({ ...schedule, submission: asked(schedule.submission) });
    },
    async *follow(id, options): AsyncGenerator<FollowItem> {
      await scope.checkId(id);
      yield* desk.follow(id, options);
    },
    async tasks(query) {
      const page = await desk.tasks(query);
      return { ...page, tasks: await scope.visible(page.tasks) };
    },
    task: checked((...given) => desk.task(...given)),
    events: checked((...given) => desk.events(...given)),
    output: checked((...given) => desk.output(...given)),
    lines: checked((...given) => desk.lines(...given)),
    cancel: checked((...given) => desk.cancel(...given)),
    pause: checked((...given) => desk.pause(...given)),
    resume: checked((...given) => desk.resume(...given)),
    async retry(id) {
      await scope.checkId(id);
      await scope.checkRetry(id);
      return await desk.retry(id);
    },
    async readFile(surroundings, host, path) {
      await scope.checkSubmission({ kind: 'file.read', hosts: host, params: {}, surroundings });
      return await desk.readFile(surroundings, host, path);
    },
    async writeFile(surroundings, host, write) {
      await scope.checkSubmission({ kind: 'file.write', hosts: host, params: {}, surroundings });
      return await desk.writeFile({ ...surroundings, asker: caller.who }, host, write);
    },
    chat: (surroundings, wish, options) => {
      scope.checkChat(wish.conversation);
      return desk.chat(surroundings, wish, options);
    },
    // these concern the hosts and tasks of others too
    stopAll: whole('stopAll', wish => desk.stopAll(wish)),
    startTunnel: whole('startTunnel', name => desk.startTunnel(name)),
    stopTunnel: whole('stopTunnel', name => desk.stopTunnel(name)),
    removeTunnel: whole('removeTunnel', name => desk.removeTunnel(name)),
    removeSchedule: whole('removeSchedule', id => desk.removeSchedule(id)),
    async approvals(state) {
      const found = await desk.approvals(state);
      const seen = await Promise.all(found.map(async ({ task }) => await scope.sees(task)));
      return found.filter((_, index) => seen[index]);
    },
    changes: options => {
      scope.refuseLimited('changes');
      return desk.changes(options);
    },
    answer: async (task, question, answer) => {
      await scope.checkId(task);
      await scope.checkAnswer(task, question);
      return await desk.answer(task, question, answer);
    },
    async decide(approval, answer, word) {
      await scope.checkApproval(approval);
      return await desk.decide(approval, answer, word);
    },
  };
}

/** The kinds and hosts of one caller. Methods throw `api.forbidden`. */
class Scope {
  readonly #request: DeskRequest;
  readonly #caller: Caller;

  constructor(request: DeskRequest, caller: Caller) {
    this.#request = request;
    this.#caller = caller;
  }

  async checkSubmission({ kind, hosts, params, surroundings }: Submission): Promise<void> {
    const { who, role, kinds } = this.#caller;
    if (!(kinds ? kinds.includes(kind) : role === 'admin' || ON_HOSTS_ONLY.has(kind)))
      throw this.#refused(`tasks of kind '${kind}' are not for ${who}`, { kind });
    this.#checkApproves(kind, params);
    const mine = await this.#hosts();
    if (!mine) return;
    const fleet = await this.#request.fleets.at(surroundings);
    const wanted = hosts === undefined ? [] : await fleet.select(hosts);
    const foreign = wanted.find(({ name }) => !mine.has(name));
    if (wanted.length === 0 || foreign)
      throw this.#refused(`${foreign ? `'${foreign.name}'` : 'a task without hosts'} is not for ${who}`, {
        kind,
      });
  }

  /** What was approved for one task is not approved for the next. */
  async checkRetry(id: string): Promise<void> {
    for (const { kind, params } of await membersOf(this.#request, id)) this.#checkApproves(kind, params);
  }

  /** Conversations that are there are the owner's. */
  checkChat(conversation: string | undefined): void {
    if (conversation === undefined || conversation === 'new' || this.#caller.role === 'admin') return;
    throw this.#refused(`a conversation that is there is not for ${this.#caller.who}`, { conversation });
  }

  #checkApproves(kind: string, params: Readonly<Record<string, unknown>>): void {
    const { who, role } = this.#caller;
    const approves = params['approval'] !== undefined || params['approve'] === 'yes';
    if (approves && role !== 'admin')
      throw this.#refused(`${who} may not approve what it asks for itself`, { kind });
  }

  /** A task, or all tasks of a group. */
  async checkId(id: string): Promise<void> {
    if (!this.#isLimited()) return;
    const mine = await this.#hosts();
    for (const task of await membersOf(this.#request, id))
      if (!this.#fits(task, mine)) throw this.#refused(`${id} is not for ${this.#caller.who}`, { id });
  }

  async visible<Task extends Pick<TaskRecord, 'kind' | 'host' | 'params'>>(
    tasks: readonly Task[],
  ): Promise<readonly Task[]> {
    if (!this.#isLimited()) return tasks;
    const mine = await this.#hosts();
    return tasks.filter(task => this.#fits(task, mine));
  }

  /** For what concerns all hosts and tasks together. */
  refuseLimited(what: string): void {
    if (this.#isLimited())
      throw this.#refused(`'${what}' concerns all tasks, and ${this.#caller.who} sees some`, {});
  }

  async sees(task: string): Promise<boolean> {
    return await this.checkId(task).then(
      () => true,
      () => false,
    );
  }

  /** A secret may come from whoever works; a yes only from whoever may approve, and did not ask. */
  async checkAnswer(task: string, question: string): Promise<void> {
    const open = this.#request.hub.question(task, question);
    const isSecret = open === null || !['approve-step', 'accept-host-key'].includes(open.ask);
    if (!mayDo(this.#caller, isSecret ? 'operate' : 'approve'))
      throw this.#refused(`this question is not for ${this.#caller.who}`, { question });
    if (!isSecret) await this.#checkAsker(task);
  }

  async checkApproval(approval: string): Promise<void> {
    const found = (await this.#request.store.approvals({})).find(({ id }) => id === approval);
    // what does not exist is told by whoever looks for it
    if (!found) return;
    await this.checkId(found.task);
    await this.#checkAsker(found.task);
  }

  async #checkAsker(task: string): Promise<void> {
    const { surroundings } = await this.#request.store.task(task);
    if (surroundings.asker === this.#caller.who)
      throw this.#refused(`${this.#caller.who} may not approve what it asked for itself`, { task });
  }

  #fits({ kind, host, params }: Pick<TaskRecord, 'kind' | 'host' | 'params'>, mine: Hosts): boolean {
    const { kinds } = this.#caller;
    if (kinds && !kinds.includes(kind)) return false;
    if (!mine) return true;
    const several = params['hosts'];
    const hosts: readonly unknown[] = host === null ? (Array.isArray(several) ? several : []) : [host];
    return hosts.length > 0 && hosts.every(name => typeof name === 'string' && mine.has(name));
  }

  #isLimited(): boolean {
    return this.#caller.kinds !== null || this.#caller.hosts !== null;
  }

  async #hosts(): Promise<Hosts> {
    const { hosts, surroundings } = this.#caller;
    if (hosts === null || !surroundings) return null;
    const fleet = await this.#request.fleets.at(surroundings);
    return new Set((await fleet.select(hosts)).map(({ name }) => name));
  }

  #refused(text: string, details: Readonly<Record<string, unknown>>): DeckhandError {
    return new DeckhandError('api.forbidden', `${text.charAt(0).toUpperCase()}${text.slice(1)}.`, {
      details,
    });
  }
}

type Hosts = ReadonlySet<string> | null;
