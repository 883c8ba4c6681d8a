import { homedir } from 'node:os';
import type {
  FollowItem,
  FollowOptions,
  NewSchedule,
  OutputPage,
  QueueHealth,
  QueueLimits,
  QueueStatistics,
  RemoveRequest,
  ScheduleView,
  Submission,
  Submitted,
  TaskApi,
  TaskQuery,
  TaskView,
} from '../api/task-api.ts';
import type { AddHostRequest, DoctorFinding, HostSummary, RunbookSummary } from '../api/contract.ts';
import type { Clock } from '../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import { newId } from '../core/ids.ts';
import type { TaskEvent } from '../core/task-event.ts';
import { isFinal } from '../core/task-state.ts';
import type { Approval, NewTask, Surroundings, TaskRecord } from '../core/task.ts';
import { addHost } from '../fleet/add-host.ts';
import type { Queue } from '../queue/queue.ts';
import type { Scheduler } from '../queue/scheduler.ts';
import { findRunbook, loadRunbooks } from '../runbooks/load-runbooks.ts';
import { settingsFileToWrite } from '../settings/load.ts';
import type { Store } from '../store/store.ts';
import type { TaskRegistry } from '../tasks/task-registry.ts';
import type { Fleets } from './fleet-access.ts';
import type { FollowHub } from './follow-hub.ts';
import { doctorOfThisMachine } from './host-questions.ts';
import { prepareSubmission } from './prepare-submission.ts';
import { removeTasks } from './remove-tasks.ts';
import { summariseRunbook } from './runbook-summary.ts';
import { viewOf } from './task-view.ts';

export interface DeskParts {
  readonly store: Store;
  readonly queue: Queue;
  readonly hub: FollowHub;
  readonly scheduler: Scheduler;
  readonly registry: TaskRegistry;
  readonly fleets: Fleets;
  readonly clock: Clock;
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Who asks: the account that the socket belongs to. */
  readonly who: string;
  readonly onTrouble: (error: DeckhandError) => void;
  readonly close: () => Promise<void>;
}

/** The engine as its surfaces see it: takes wishes, answers questions, and gives everything to the right part. */
export class Desk implements TaskApi {
  readonly #parts: DeskParts;
  readonly #requestId: string | undefined;

  /** `requestId`: travels with everything that this desk is asked for. */
  constructor(parts: DeskParts, requestId?: string) {
    this.#parts = parts;
    this.#requestId = requestId;
  }

  /** The same engine as one request sees it. */
  forRequest(requestId: string): Desk {
    return new Desk(this.#parts, requestId);
  }

  async submit(submission: Submission): Promise<Submitted> {
    return await this.#keep(await this.#prepare(submission), submission.kind);
  }

  async *submitAndFollow(submission: Submission, options: FollowOptions): AsyncGenerator<FollowItem> {
    const tasks = await this.#prepare(submission);
    const ids = tasks.map(({ id }) => id);
    yield* this.#parts.hub.follow(ids, options, async () => await this.#keep(tasks, submission.kind));
  }

  async *follow(id: string, options: FollowOptions): AsyncGenerator<FollowItem> {
    const tasks = await this.#members(id);
    yield* this.#parts.hub.follow(
      tasks.map(task => task.id),
      options,
    );
  }

  async answer(task: string, question: string, answer: string | null): Promise<boolean> {
    return this.#parts.hub.answer(task, question, answer);
  }

  async tasks({ limit = 100, cursor, ...filter }: TaskQuery): ReturnType<TaskApi['tasks']> {
    const page = await this.#parts.store.tasks(filter, {
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
    return { tasks: page.tasks.map(viewOf), next: page.next };
  }

  async task(id: string): Promise<TaskView> {
    return viewOf(await this.#parts.store.task(id));
  }

  async events(id: string, after: number, limit: number): Promise<readonly TaskEvent[]> {
    await this.#parts.store.task(id);
    return await this.#parts.store.events(id, after, limit);
  }

  async output(id: string, after: string | null, limit: number): Promise<OutputPage> {
    await this.#parts.store.task(id);
    const from = Number(after ?? 0);
    if (!Number.isInteger(from) || from < 0)
      throw new DeckhandError('input.invalid', `after: '${after}' is no place in the output.`, {
        details: { field: 'after' },
      });
    const chunks = await this.#parts.store.output(id, from, limit);
    const last = chunks.at(-1);
    return {
      pieces: chunks.flatMap(chunk => chunk.pieces),
      next: last && chunks.length === limit ? String(last.seq) : null,
    };
  }

  async cancel(id: string, force: boolean): Promise<readonly TaskView[]> {
    return await this.#controlEach(
      id,
      'cancel',
      task => !isFinal(task.state),
      async task => await this.#parts.queue.control(task.id, { action: 'cancel', force }),
    );
  }

  async pause(id: string): Promise<readonly TaskView[]> {
    const mayPause = ({ state }: TaskRecord): boolean =>
      state === 'queued' || state === 'delayed' || state === 'running';
    return await this.#controlEach(
      id,
      'pause',
      mayPause,
      async task => await this.#parts.queue.control(task.id, { action: 'pause' }),
    );
  }

  async resume(id: string): Promise<readonly TaskView[]> {
    const mayResume = ({ state, pauseAsked }: TaskRecord): boolean => state === 'paused' || pauseAsked;
    return await this.#controlEach(
      id,
      'resume',
      mayResume,
      async task => await this.#parts.queue.control(task.id, { action: 'resume' }),
    );
  }

  /** Whatever of it ended without success, as new tasks. */
  async retry(id: string): Promise<Submitted> {
    const { clock, store, registry } = this.#parts;
    const old = (await this.#members(id)).filter(({ state }) => isFinal(state) && state !== 'succeeded');
    if (old.length === 0)
      throw new DeckhandError('task.illegal-state', `${id}: nothing of it ended without success.`, {
        details: { id },
      });
    const now = clock.now();
    const group = newId('group', now);
    const requestId = this.#requestId ?? newId('req', now);
    const tasks = await Promise.all(
      old.map(async (task): Promise<NewTask> => {
        const input = await store.input(task.id);
        const again = { group, requestId, input, retryOf: task.id, idempotencyKey: null, dependsOn: [] };
        const kind = registry.kind(task.kind);
        const params = (kind.retryParams?.(task.params, task.result) ?? task.params) as TaskRecord['params'];
        return { ...newTaskOf(task), ...again, params, id: newId('task', now), runAfter: null };
      }),
    );
    return await this.#keep(tasks, 'retry');
  }

  async remove(request: RemoveRequest): Promise<{ readonly count: number }> {
    const { store, queue, clock } = this.#parts;
    const count = await removeTasks(request, { store, queue, clock });
    if (!request.dryRun) await this.#audit('task.remove', `${count} tasks`);
    return { count };
  }

  async approvals(state: Approval['state'] | null): Promise<readonly Approval[]> {
    return await this.#parts.store.approvals(state === null ? {} : { state });
  }

  async decide(approval: string, answer: 'approved' | 'declined'): Promise<TaskView> {
    const task = await this.#parts.queue.decide(approval, answer, this.#parts.who);
    await this.#audit(`approval.${answer}`, approval);
    return viewOf(task);
  }

  async pauseQueue(): Promise<void> {
    await this.#parts.queue.setPaused(true);
    await this.#audit('queue.pause', 'queue');
  }
  async resumeQueue(): Promise<void> {
    await this.#parts.queue.setPaused(false);
    await this.#audit('queue.resume', 'queue');
  }
  async limits(): Promise<QueueLimits> {
    return this.#parts.queue.limits;
  }
  async setLimits(limits: Partial<QueueLimits>): Promise<QueueLimits> {
    const changed = await this.#parts.queue.setLimits(limits);
    await this.#audit('queue.limits', JSON.stringify(limits));
    return changed;
  }
  async statistics(): Promise<QueueStatistics> {
    return await this.#parts.store.statistics(this.#parts.clock.now());
  }

  async health(): Promise<QueueHealth> {
    const { queue, store, version } = this.#parts;
    const executors = queue.executors();
    const problems = [
      ...(queue.trouble ? [`store: ${queue.trouble.message}`] : []),
      ...executors
        .filter(({ crashes }) => crashes > 0)
        .map(({ name, crashes }) => `${name} ended unexpectedly, ${crashes} times`),
    ];
    const status = problems.length > 0 ? 'degraded' : queue.paused ? 'paused' : 'ok';
    return {
      status,
      problems,
      version,
      pid: process.pid,
      startedAt: new Date(this.#parts.startedAt).toISOString(),
      store: store.location,
      executors,
      counts: await store.counts(),
      limits: queue.limits,
    };
  }

  async schedules(): Promise<readonly ScheduleView[]> {
    return await this.#parts.scheduler.list();
  }
  async addSchedule(schedule: NewSchedule): Promise<ScheduleView> {
    // a wish that could never be kept is refused now, not in the night
    await this.#prepare(schedule.submission);
    const added = await this.#parts.scheduler.add(schedule);
    await this.#audit('schedule.add', schedule.name);
    return added;
  }
  async removeSchedule(id: string): Promise<void> {
    await this.#parts.scheduler.remove(id);
    await this.#audit('schedule.remove', id);
  }
  async backup(file: string): Promise<{ readonly file: string; readonly bytes: number }> {
    const { bytes } = await this.#parts.store.backup(file);
    await this.#audit('store.backup', file);
    return { file, bytes };
  }

  async listHosts(surroundings: Surroundings, selector: string | null): Promise<readonly HostSummary[]> {
    const fleet = await this.#parts.fleets.at(surroundings);
    const hosts = selector === null ? fleet.inventory.hosts : await fleet.select(selector);
    return hosts.map(({ name, source, groups, overrides }) => ({
      name,
      source,
      groups,
      address: overrides.address ?? null,
    }));
  }

  async addHost(
    surroundings: Surroundings,
    { name, ...entry }: AddHostRequest,
  ): Promise<{ readonly file: string }> {
    const fleet = await this.#parts.fleets.at(surroundings);
    const file = settingsFileToWrite(fleet.settings, { environment: process.env, home: homedir() });
    const groups = entry.groups ? [...entry.groups] : undefined;
    await addHost(fleet.inventory, file, name, { ...entry, groups });
    await fleet.refresh(true);
    return { file };
  }

  async listRunbooks(surroundings: Surroundings): Promise<readonly RunbookSummary[]> {
    const { settings } = await this.#parts.fleets.at(surroundings);
    const language = settings.values.language === 'ru' ? 'ru' : 'en';
    const runbooks = await loadRunbooks(settings.values.runbooks);
    return runbooks.map(runbook => summariseRunbook(runbook, language));
  }

  async showRunbook(surroundings: Surroundings, name: string): ReturnType<TaskApi['showRunbook']> {
    const { settings } = await this.#parts.fleets.at(surroundings);
    const runbook = findRunbook(await loadRunbooks(settings.values.runbooks), name);
    const language = settings.values.language === 'ru' ? 'ru' : 'en';
    return { summary: summariseRunbook(runbook, language), source: runbook.source };
  }

  async doctor(): Promise<readonly DoctorFinding[]> {
    const { store } = this.#parts;
    const local = await doctorOfThisMachine(new AbortController().signal);
    const damage = await store.check();
    const sound: DoctorFinding = {
      subject: 'this machine',
      id: 'store',
      status: damage.length === 0 ? 'ok' : 'fail',
      message: damage.length === 0 ? `the store ${store.location} is sound` : damage.join('; '),
      fix: damage.length === 0 ? null : 'Stop the daemon, put the file aside and restore a backup.',
    };
    return [...local, sound];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.close();
  }

  async #prepare(submission: Submission): Promise<readonly NewTask[]> {
    const { registry, clock, fleets } = this.#parts;
    return await prepareSubmission(submission, {
      registry,
      clock,
      requestId: this.#requestId ?? newId('req', clock.now()),
      select: async selector => {
        const fleet = await fleets.at(submission.surroundings);
        return (await fleet.select(selector)).map(({ name }) => name);
      },
    });
  }

  async #keep(tasks: readonly NewTask[], action: string): Promise<Submitted> {
    const kept = await this.#parts.queue.submit(tasks);
    const [first] = kept;
    const existed = kept.some(one => one.existed);
    // the tasks themselves are kept; the trail follows in a commit that nobody waits for
    if (!existed) setImmediate(() => void this.#auditSubmit(action, first?.task.group ?? ''));
    return { group: first?.task.group ?? '', tasks: kept.map(({ task }) => viewOf(task)), existed };
  }

  /** A task, or all tasks of a group. Throws `task.unknown`. */
  async #members(id: string): Promise<readonly TaskRecord[]> {
    const { store } = this.#parts;
    if (!id.startsWith('group-')) return [await store.task(id)];
    const members: TaskRecord[] = [];
    let cursor: string | null = null;
    do {
      const page = await store.tasks({ group: id }, { limit: 1000, ...(cursor === null ? {} : { cursor }) });
      members.push(...page.tasks);
      cursor = page.next;
    } while (cursor !== null);
    if (members.length === 0)
      throw new DeckhandError('task.unknown', `There is no task or group '${id}'.`, { details: { id } });
    return members.toReversed();
  }

  /** One task: whatever the queue says of it. A group: those members it makes sense for, at least one. */
  async #controlEach(
    id: string,
    action: string,
    fits: (task: TaskRecord) => boolean,
    control: (task: TaskRecord) => Promise<TaskRecord>,
  ): Promise<readonly TaskView[]> {
    const members = await this.#members(id);
    const chosen = members.length === 1 ? members : members.filter(fits);
    if (chosen.length === 0)
      throw new DeckhandError('task.illegal-state', `${id}: there is no task in it to ${action}.`, {
        details: { id },
      });
    const changed = await Promise.all(chosen.map(control));
    await this.#audit(`task.${action}`, id);
    return changed.map(viewOf);
  }

  async #auditSubmit(action: string, group: string): Promise<void> {
    try {
      await this.#audit(`submit ${action}`, group);
    } catch (error) {
      this.#parts.onTrouble(toDeckhandError(error));
    }
  }

  async #audit(action: string, subject: string): Promise<void> {
    const { store, clock, who } = this.#parts;
    const time = clock.now();
    await store.audit({
      time,
      who,
      action,
      subject,
      outcome: 'allowed',
      requestId: this.#requestId ?? newId('req', time),
      details: {},
    });
  }
}

function newTaskOf(task: TaskRecord): Omit<NewTask, 'id' | 'input' | 'group' | 'runAfter'> {
  const { kind, host, params, surroundings, title, category, tags, priority } = task;
  const { onLost, retry, dependsOn, onDependencyFailed, idempotencyKey, retryOf, requestId } = task;
  const what = { kind, host, params, surroundings, title, category, tags, priority };
  return { ...what, onLost, retry, dependsOn, onDependencyFailed, idempotencyKey, retryOf, requestId };
}
