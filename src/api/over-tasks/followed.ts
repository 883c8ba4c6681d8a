import type { ErrorRecord } from '../../core/deckhand-error.ts';
import type { PlanPreview } from '../../core/run-report.ts';
import type { TaskEvent } from '../../core/task-event.ts';
import type { Surroundings } from '../../core/task.ts';
import type { CallOptions, PersonPrompts, TransferCall, TransferUpdate } from '../contract.ts';
import type { Submission, Submitted, TaskApi, TaskView } from '../task-api.ts';
import { carryOut } from './carry-out.ts';
import type { CollectedOutput } from './collected-output.ts';
import { answerOf } from './person-answers.ts';
import { runEventsOf } from './run-events.ts';
import type { SubmissionBase } from './submissions.ts';
import { errorOfTask, unprovedCancel } from './task-results.ts';

export interface OverTasksOptions extends SubmissionBase {
  readonly surroundings: Surroundings;
  readonly prompts: PersonPrompts;
  /** Told as soon as tasks are kept: from then on they go on without us. */
  readonly onSubmitted?: (submitted: Submitted) => void;
  /** Told after a cancel, when every task was seen to have ended. */
  readonly onCancelled?: (tasks: readonly TaskView[]) => void;
  /** Milliseconds to wait for a cancel to be proved. */
  readonly cancelPatience?: number;
  /** Milliseconds since the epoch; default the system's. */
  readonly now?: () => number;
}

/** A task as it ended, or as it was last seen. */
export interface SeenTask {
  readonly task: TaskView;
  readonly error: ErrorRecord | undefined;
}

/** One submission from beginning to end, its events passed on, its questions and approvals answered. */
export async function followed(
  tasks: TaskApi,
  submission: Submission,
  call: TransferCall,
  options: OverTasksOptions,
  output?: CollectedOutput,
): Promise<readonly SeenTask[]> {
  const events = runEventsOf(call.onEvent ?? (() => {}), options.now ?? Date.now);
  const views = new Map<string, TaskView>();
  const previews = new Map<string, PlanPreview>();
  const requests = new Map<string, Extract<TaskEvent, { kind: 'approval-requested' | 'needs-person' }>>();
  const left = new AbortController();
  const answering = {
    prompts: options.prompts,
    approve: call.approve,
    previewOf: (task: string) => previews.get(task),
    onLeft: () => left.abort(),
  };
  const { submitted, ended, cancelled } = await carryOut(tasks, submission, {
    signal: AbortSignal.any([call.signal, left.signal]),
    ...(options.cancelPatience === undefined ? {} : { cancelPatience: options.cancelPatience }),
    onSubmitted(given) {
      for (const task of given.tasks) views.set(task.id, task);
      options.onSubmitted?.(given);
    },
    onOutput(task, attempt, pieces) {
      output?.add(task, attempt, pieces);
      events.output(views.get(task), pieces);
    },
    onTaskEvent(event) {
      if (event.kind === 'plan-ready') previews.set(event.task, event.preview);
      events.event(event);
      if (call.onUpdate) tellUpdate(event, views.get(event.task), call.onUpdate);
      if (event.kind === 'approval-requested' || event.kind === 'needs-person')
        requests.set(event.task, event);
      // the approval exists only once the task waits for it
      if (event.kind === 'task-state' && event.state === 'waiting-approval') {
        const request = requests.get(event.task);
        const preview = previews.get(event.task);
        if (request?.kind === 'needs-person') void answerFor(tasks, request, call);
        else if (request?.approval !== undefined)
          void decide(tasks, request.approval, { hash: request.hash, title: request.title, preview }, call);
      }
    },
    answer: async question => await answerOf(question, answering),
  });
  const last = [...ended.values()];
  if (cancelled && last.length === submitted.tasks.length) options.onCancelled?.(last);
  return submitted.tasks.map(first => {
    const task = ended.get(first.id);
    return task ? { task, error: errorOfTask(task) } : { task: first, error: unprovedCancel(first) };
  });
}

/** What happens to the task of one host; what of a run is told, is told by `onEvent`. */
function tellUpdate(
  event: TaskEvent,
  task: TaskView | undefined,
  onUpdate: (update: TransferUpdate) => void,
): void {
  if (!task) return;
  if (
    event.kind === 'phase' ||
    event.kind === 'progress' ||
    event.kind === 'task-state' ||
    event.kind === 'attempt-failed'
  )
    onUpdate({ ...event, host: task.host ?? task.id, title: task.title });
}

/** How a run that does not know further is to go on. A question that was left leaves it waiting. */
async function answerFor(
  tasks: TaskApi,
  { approval, title, evidence }: Extract<TaskEvent, { kind: 'needs-person' }>,
  { needsPerson }: CallOptions,
): Promise<void> {
  const answer = await needsPerson?.({ approval, title, evidence }).catch(() => undefined);
  if (!answer) return;
  const { choice, note } = answer;
  const word = choice === 'abort' ? {} : { choice, ...(note === undefined || note === '' ? {} : { note }) };
  await tasks.decide(approval, choice === 'abort' ? 'declined' : 'approved', word).catch(() => {});
}

/** The person's word on a plan. A question that was left is no approval: the plan is declined. */
async function decide(
  tasks: TaskApi,
  approval: string,
  asked: { readonly hash: string; readonly title: string; readonly preview: PlanPreview | undefined },
  { approve }: CallOptions,
): Promise<void> {
  const { hash, title, preview } = asked;
  if (!approve || !preview) return;
  const answer = await approve({ hash, title, preview }).catch(() => 'decline' as const);
  // somebody else may have answered meanwhile: the follow tells how it went on
  await tasks.decide(approval, answer === 'approve' ? 'approved' : 'declined').catch(() => {});
}
