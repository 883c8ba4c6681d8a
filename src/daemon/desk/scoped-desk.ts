import { type Caller, isOwner, mayDo } from '../../api/caller.ts';
import type { FollowItem, Submission, TaskApi } from '../../api/task-api.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { Surroundings, TaskRecord } from '../../core/task.ts';
import { ASKED_FOR_PROGRAMS } from '../../tasks/program-approval.ts';
import type { DeskRequest } from './desk-parts.ts';
import { changes, type FeedView } from '../watch/change-feed.ts';
import { membersOf } from './members-of.ts';
import { TERMINAL_KIND } from './terminal-desk.ts';

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
  TERMINAL_KIND,
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
    transcript: checked((...given) => desk.transcript(...given)),
    recordRunbook: checked((...given) => desk.recordRunbook(...given)),
    replayRun: checked((...given) => desk.replayRun(...given)),
    undoOfRun: checked((...given) => desk.undoOfRun(...given)),
    report: checked((...given) => desk.report(...given)),
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
      const params = { ...(write.approval && { approval: write.approval }) };
      await scope.checkSubmission({ kind: 'file.write', hosts: host, params, surroundings });
      return await desk.writeFile({ ...surroundings, asker: caller.who }, host, write);
    },
    async listFolder(surroundings, place) {
      await scope.checkPlace(surroundings, place.host);
      return await desk.listFolder(surroundings, place);
    },
    async *searchFolder(surroundings, search, options) {
      await scope.checkPlace(surroundings, search.host);
      yield* desk.searchFolder(surroundings, search, options);
    },
    async *watchFolder(surroundings, place, options) {
      await scope.checkPlace(surroundings, place.host);
      yield* desk.watchFolder(surroundings, place, options);
    },
    async sendUpload(surroundings, id, target) {
      await scope.checkSubmission({ kind: 'file.write', hosts: target.host, params: {}, surroundings });
      return await desk.sendUpload({ ...surroundings, asker: caller.who }, id, target);
    },
    async fetchFile(surroundings, host, path) {
      await scope.checkSubmission({ kind: 'file.read', hosts: host, params: {}, surroundings });
      return await desk.fetchFile({ ...surroundings, asker: caller.who }, host, path);
    },
    async openTerminal(surroundings, host, wish) {
      scope.refuseProgram('terminals');
      const { approval } = wish;
      await scope.checkSubmission({
        kind: TERMINAL_KIND,
        hosts: host,
        params: { ...(approval && { approval }) },
        surroundings,
      });
      return await desk.openTerminal(surroundings, host, wish);
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
    addAllowRules: whole('addAllowRules', (at, rules) => desk.addAllowRules(at, rules)),
    removeSchedule: whole('removeSchedule', id => desk.removeSchedule(id)),
    async approvals(state) {
      const found = await desk.approvals(state);
      const seen = await Promise.all(found.map(async ({ task }) => await scope.sees(task)));
      return found.filter((_, index) => seen[index]);
    },
    async *changes(options) {
      const view = await scope.view();
      const seen = await Promise.all(options.logs.map(async log => await scope.sees(log)));
      yield* changes(request, { ...options, logs: options.logs.filter((_, index) => seen[index]) }, view);
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
    const { who } = this.#caller;
    if (!this.#mayWish(kind)) throw this.#refused(`tasks of kind '${kind}' are not for ${who}`, { kind });
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

  /** A program may wish for more than it may have: a person is asked before it is begun. */
  #mayWish(kind: string): boolean {
    return this.#mayHave(kind) || (this.#caller.via === 'agent' && ASKED_FOR_PROGRAMS.has(kind));
  }

  #mayHave(kind: string): boolean {
    const { role, kinds } = this.#caller;
    return kinds ? kinds.includes(kind) : role === 'admin' || ON_HOSTS_ONLY.has(kind);
  }

  /** Folders of a host, or of this machine: for who may bring files of it elsewhere. */
  async checkPlace(surroundings: Surroundings, host: string | null): Promise<void> {
    const kind = host === null ? 'scp.upload' : 'scp.list';
    // a look is done at once: nobody is asked before it
    if (!this.#mayHave(kind))
      throw this.#refused(`folders of this machine are not for ${this.#caller.who}`, {});
    await this.checkSubmission({ kind, params: {}, surroundings, ...(host !== null && { hosts: host }) });
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

  /** What of the changes may be told; null = all. Hosts are as they were when it was asked for. */
  async view(): Promise<FeedView | null> {
    if (!this.#isLimited()) return null;
    const mine = await this.#hosts();
    return { sees: task => this.#fits(task, mine) };
  }

  /** For what concerns all hosts and tasks together. */
  refuseLimited(what: string): void {
    if (this.#isLimited())
      throw this.#refused(`'${what}' concerns all tasks, and ${this.#caller.who} sees some`, {});
  }

  /** For what only a person may do: what a program types is no command that the policy could judge. */
  refuseProgram(what: string): void {
    if (this.#caller.via === 'agent') throw this.#refused(`${what} are for persons`, {});
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
