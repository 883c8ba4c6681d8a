import { DeckhandError, type ErrorRecord } from '../../core/deckhand-error.ts';
import type { PlanPreview, RunReport } from '../../core/run-report.ts';
import type { AgentRunResult } from '../../core/task-params.ts';
import type { Surroundings } from '../../core/task.ts';
import type { CallOptions, DeckhandApi, PersonPrompts, RunRequest } from '../contract.ts';
import type { Submission, Submitted, TaskApi, TaskView } from '../task-api.ts';
import { carryOut } from './carry-out.ts';
import { CollectedOutput } from './collected-output.ts';
import { answerOf } from './person-answers.ts';
import { runEventsOf } from './run-events.ts';
import { askHostsSubmission, execSubmission, previewSubmission, runSubmission } from './submissions.ts';
import type { SubmissionBase } from './submissions.ts';
import {
  errorOfRecord,
  errorOfTask,
  toExecHostResult,
  toFindings,
  toHostFacts,
  toHostTest,
  unprovedCancel,
} from './task-results.ts';

/** Bytes of each stream kept of one host's output where the request names no limit. */
const OUTPUT_LIMIT = 64 * 1024 * 1024;

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

/**
 * The contract carried out as tasks. An aborted `signal` cancels them and waits for their end; what
 * happened on each host is data. Closing it closes `tasks`.
 */
export function deckhandOverTasks(tasks: TaskApi, options: OverTasksOptions): DeckhandApi {
  const { surroundings } = options;
  const follow = async (submission: Submission, call: CallOptions): Promise<readonly SeenTask[]> =>
    await followed(tasks, submission, call, options);
  return {
    async exec(request, call) {
      const output = new CollectedOutput(request.outputLimit ?? OUTPUT_LIMIT);
      const seen = await followed(tasks, execSubmission(request, options), call, options, output);
      return {
        results: seen.map(({ task, error }) => toExecHostResult(task, output.of(task.id), error)),
      };
    },
    async plan(request, call) {
      const { result, error } = await agentRun(previewSubmission(request, options), call, follow);
      if (result?.preview) return result.preview;
      throw failure(error, 'A preview ended without a plan.');
    },
    async run(request, call): Promise<RunReport> {
      const submission = runSubmission(request, approvalMode(request, call), options);
      const { result, error } = await agentRun(submission, call, follow);
      if (result?.report) return result.report;
      throw failure(error, 'A run ended without a report.');
    },
    listHosts: async selector => await tasks.listHosts(surroundings, selector),
    addHost: async request => await tasks.addHost(surroundings, request),
    async testHosts(selector, call) {
      const seen = await follow(askHostsSubmission('ssh.connect', selector, {}, options), call);
      return seen.map(({ task }) => toHostTest(task));
    },
    async hostFacts(selector, refresh, call) {
      const seen = await follow(askHostsSubmission('host.facts', selector, { refresh }, options), call);
      return seen.map(({ task }) => toHostFacts(task));
    },
    listRunbooks: async () => await tasks.listRunbooks(surroundings),
    showRunbook: async name => await tasks.showRunbook(surroundings, name),
    async doctor(selector, call) {
      const local = await tasks.doctor(surroundings);
      if (selector === null) return local;
      const seen = await follow(askHostsSubmission('host.doctor', selector, {}, options), call);
      return [...local, ...seen.flatMap(({ task }) => toFindings(task))];
    },
    [Symbol.asyncDispose]: async () => await tasks[Symbol.asyncDispose](),
  };
}

/** Who approves: whoever submits (`approved`), whoever is asked, or nobody. */
export function approvalMode(
  request: Pick<RunRequest, 'approved'>,
  call: Pick<CallOptions, 'approve'>,
): 'yes' | 'ask' | 'none' {
  if (request.approved) return 'yes';
  return call.approve ? 'ask' : 'none';
}

/** A task as it ended, or as it was last seen. */
interface SeenTask {
  readonly task: TaskView;
  readonly error: ErrorRecord | undefined;
}

async function agentRun(
  submission: Submission,
  call: CallOptions,
  follow: (submission: Submission, call: CallOptions) => Promise<readonly SeenTask[]>,
): Promise<{ readonly result: AgentRunResult | null; readonly error: ErrorRecord | undefined }> {
  const [seen] = await follow(submission, call);
  return { result: (seen?.task.result ?? null) as AgentRunResult | null, error: seen?.error };
}

function failure(error: ErrorRecord | undefined, otherwise: string): DeckhandError {
  return error ? errorOfRecord(error) : new DeckhandError('internal.defect', otherwise);
}

/** One submission from beginning to end, its events passed on, its questions and approvals answered. */
async function followed(
  tasks: TaskApi,
  submission: Submission,
  call: CallOptions,
  options: OverTasksOptions,
  output?: CollectedOutput,
): Promise<readonly SeenTask[]> {
  const events = runEventsOf(call.onEvent ?? (() => {}), options.now ?? Date.now);
  const views = new Map<string, TaskView>();
  const previews = new Map<string, PlanPreview>();
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
      if (event.kind === 'approval-requested' && event.approval !== undefined) {
        const asked = { hash: event.hash, title: event.title, preview: previews.get(event.task) };
        void decide(tasks, event.approval, asked, call);
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
