import type { OutputPage, Submission, Submitted, TaskApi, TaskView } from '../../api/task-api.ts';
import { isProgram } from '../../core/asker.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { isFinal } from '../../core/task-state.ts';
import type { NewTask, Surroundings, TaskRecord } from '../../core/task.ts';
import type { TaskControl } from '../../store/store.ts';
import { requireNoStop } from '../emergency-stop.ts';
import type { SettingValues } from '../../settings/schema.ts';
import { auditLogBeside, passPolicy } from '../policy-gate.ts';
import { prepareSubmission } from '../prepare-submission.ts';
import { viewOf } from '../task-view.ts';
import { audit, auditLater, type DeskRequest } from './desk-parts.ts';
import { membersOf } from './members-of.ts';
import { retryOf } from './retry-tasks.ts';

type TaskCalls = Pick<
  TaskApi,
  | 'submit'
  | 'submitAndFollow'
  | 'follow'
  | 'answer'
  | 'tasks'
  | 'task'
  | 'events'
  | 'output'
  | 'cancel'
  | 'pause'
  | 'resume'
  | 'retry'
>;

/** What concerns one task, or the tasks of one submission. */
export function taskDesk(request: DeskRequest): TaskCalls {
  const { store, hub } = request;
  return {
    submit: async submission => await keep(request, await prepare(request, submission), submission.kind),
    async *submitAndFollow(submission, options) {
      const tasks = await prepare(request, submission);
      const submit = async (): Promise<Submitted> => await keep(request, tasks, submission.kind);
      yield* hub.follow(
        tasks.map(({ id }) => id),
        options,
        submit,
      );
    },
    async *follow(id, options) {
      const members = await membersOf(request, id);
      yield* hub.follow(
        members.map(task => task.id),
        options,
      );
    },
    answer: (task, question, answer) => Promise.resolve(hub.answer(task, question, answer)),
    async tasks({ limit = 100, cursor, ...filter }) {
      const page = await store.tasks(filter, { limit, ...(cursor === undefined ? {} : { cursor }) });
      return { tasks: page.tasks.map(viewOf), next: page.next };
    },
    task: async id => viewOf(await store.task(id)),
    async events(id, after, limit) {
      await store.task(id);
      return await store.events(id, after, limit);
    },
    output: async (id, after, limit) => await outputOf(request, id, after, limit),
    cancel: async (id, force) =>
      await controlEach(request, id, { action: 'cancel', force }, ({ state }) => !isFinal(state)),
    pause: async id =>
      await controlEach(request, id, { action: 'pause' }, ({ state }) => PAUSABLE.has(state)),
    resume: async id =>
      await controlEach(
        request,
        id,
        { action: 'resume' },
        ({ state, pauseAsked }) => state === 'paused' || pauseAsked,
      ),
    retry: async id => {
      const tasks = await retryOf(request, id, await membersOf(request, id));
      return await keep(request, await letThrough(request, tasks), 'retry');
    },
  };
}

const PAUSABLE: ReadonlySet<TaskRecord['state']> = new Set(['queued', 'delayed', 'running']);

/** The tasks that a submission means; nothing is kept yet. */
export async function prepare(request: DeskRequest, submission: Submission): Promise<readonly NewTask[]> {
  const { registry, clock, fleets, requestId } = request;
  const tasks = await prepareSubmission(submission, {
    registry,
    clock,
    requestId: requestId(),
    select: async selector => {
      const fleet = await fleets.at(submission.surroundings);
      return (await fleet.select(selector)).map(({ name }) => name);
    },
  });
  return await letThrough(request, tasks);
}

/** The tasks themselves, when the policy lets them run. Throws `policy.refused`, `policy.needs-approval`. */
async function letThrough(request: DeskRequest, tasks: readonly NewTask[]): Promise<readonly NewTask[]> {
  const { fleets, store, clock, who, requestId } = request;
  const [first] = tasks;
  if (!first) return tasks;
  await requireNoStop(request, first);
  const { settings } = await fleets.at(first.surroundings);
  const log = auditLogBeside(store.location);
  const values = isProgram(who) ? strictForPrograms(settings.values) : settings.values;
  await passPolicy(tasks, { settings: values, log, who, requestId: requestId(), now: clock.now() });
  return tasks;
}

/** What the policy says of a command that is no task. Throws `policy.refused`, `policy.needs-approval`. */
export async function checkCommand(
  request: DeskRequest,
  surroundings: Surroundings,
  host: string,
  command: string,
  approval?: { readonly hash: string; readonly risks?: readonly string[] },
): Promise<void> {
  const yes = approval && { approval: { risks: [], ...approval } };
  const task = { kind: 'ssh.execute', host, params: { command, ...yes }, surroundings };
  await letThrough(request, [task as unknown as NewTask]);
}

/** Without a mode a person's own words run; a model's are asked about. */
function strictForPrograms(values: SettingValues): SettingValues {
  return values['policy.mode'] === 'off' ? { ...values, 'policy.mode': 'ask' } : values;
}

async function keep(request: DeskRequest, tasks: readonly NewTask[], action: string): Promise<Submitted> {
  const kept = await request.queue.submit(tasks);
  await stopIfStopped(request, kept);
  const group = kept[0]?.task.group ?? '';
  const existed = kept.some(one => one.existed);
  if (!existed) auditLater(request, `submit ${action}`, group);
  return { group, tasks: kept.map(({ task }) => viewOf(task)), existed };
}

/** A stop that began while this submission was on its way holds for it too. */
async function stopIfStopped(
  request: DeskRequest,
  kept: readonly { readonly task: TaskRecord }[],
): Promise<void> {
  try {
    await requireNoStop(request, kept[0]?.task);
  } catch (error) {
    for (const { task } of kept) await request.queue.control(task.id, { action: 'cancel', force: false });
    throw error;
  }
}

/** One task: whatever the queue says of it. A group: those members it makes sense for, at least one. */
async function controlEach(
  request: DeskRequest,
  id: string,
  control: TaskControl,
  fits: (task: TaskRecord) => boolean,
): Promise<readonly TaskView[]> {
  const members = await membersOf(request, id);
  const chosen = members.length === 1 ? members : members.filter(fits);
  if (chosen.length === 0) {
    throw new DeckhandError('task.illegal-state', `${id}: there is no task in it to ${control.action}.`, {
      details: { id },
    });
  }
  const changed = await Promise.all(chosen.map(async task => await request.queue.control(task.id, control)));
  await audit(request, `task.${control.action}`, id);
  return changed.map(viewOf);
}

async function outputOf(
  { store }: DeskRequest,
  id: string,
  after: string | null,
  limit: number,
): Promise<OutputPage> {
  await store.task(id);
  const from = Number(after ?? 0);
  if (!Number.isInteger(from) || from < 0) {
    throw new DeckhandError('input.invalid', `after: '${after}' is no place in the output.`, {
      details: { field: 'after' },
    });
  }
  const chunks = await store.output(id, from, limit);
  const last = chunks.at(-1);
  const next = last && chunks.length === limit ? String(last.seq) : null;
  return { pieces: chunks.flatMap(chunk => chunk.pieces), next };
}
