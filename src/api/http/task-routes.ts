import type { Context } from 'hono';
import type { Approval } from '../../core/task.ts';
import type { FollowItem, RemoveRequest, Submission, TaskQuery } from '../task-api.ts';
import { answers } from './answer-schemas.ts';
import { eventStream, STREAM_HEADERS } from './event-stream.ts';
import { encodePage } from './item-codec.ts';
import { type HttpEnvironment, paceFor, register, type RouteParts } from './operation.ts';
import * as requests from './request-schemas.ts';

/** Tasks: submit, follow, look, steer. `{id}` is a task's or, where the contract says so, a group's. */
export function registerTaskRoutes(parts: RouteParts): void {
  registerSubmission(parts);
  registerFollowing(parts);
  registerReading(parts);
  registerReport(parts);
  registerSteering(parts);
  registerApprovals(parts);
}

function registerSubmission(parts: RouteParts): void {
  register(parts, {
    id: 'submit',
    method: 'post',
    path: '/v1/tasks',
    summary: 'Submits work; with `follow=1` the answer is the event stream of it, `submitted` first.',
    query: requests.submitQuery,
    body: requests.submission,
    answer: answers.submitted,
    streams: 'may',
    carryOut: async ({ query, body, api, context }) => {
      const submission = requests.exact<Submission>(body);
      context.set('subject', `${submission.kind} ${submission.hosts ?? ''}`.trim());
      if (!query.follow) return await api.submit(submission);
      return await streamed(parts, context, signal =>
        api.submitAndFollow(submission, { signal, ...given(query, 'answers', 'untilEnded') }),
      );
    },
  });
}

function registerFollowing(parts: RouteParts): void {
  register(parts, {
    id: 'follow',
    method: 'get',
    path: '/v1/tasks/{id}/follow',
    summary: 'The event stream of a task or a group; goes on after `Last-Event-ID` or `after`.',
    parameters: requests.id,
    query: requests.followQuery,
    answer: answers.followItem,
    streams: 'always',
    carryOut: async ({ parameters, query, api, context }) => {
      // a browser that reconnects repeats the address as it was: its header knows more than the query
      const after = context.req.header('last-event-id') || query.after;
      const options = { ...given(query, 'answers', 'untilEnded'), ...(after !== undefined && { after }) };
      return await streamed(parts, context, signal => api.follow(parameters.id, { signal, ...options }));
    },
  });
  register(parts, {
    id: 'answer',
    method: 'post',
    path: '/v1/tasks/{id}/questions/{question}',
    summary: 'Answers what a follower was asked. Never kept, never logged.',
    parameters: requests.questionPath,
    body: requests.answerBody,
    answer: answers.accepted,
    carryOut: async ({ parameters, body, api }) => ({
      accepted: await api.answer(parameters.id, parameters.question, body.answer),
    }),
  });
}

function registerReading(parts: RouteParts): void {
  register(parts, {
    id: 'tasks',
    method: 'get',
    path: '/v1/tasks',
    summary: 'Tasks, newest first. `state` may be given several times.',
    query: requests.taskQuery,
    answer: answers.taskPage,
    carryOut: async ({ query: { state, ...rest }, api }) =>
      await api.tasks(requests.exact<TaskQuery>({ ...rest, ...(state && { states: state }) })),
  });
  register(parts, {
    id: 'task',
    method: 'get',
    path: '/v1/tasks/{id}',
    summary: 'One task.',
    parameters: requests.id,
    answer: answers.task,
    carryOut: async ({ parameters, api }) => await api.task(parameters.id),
  });
  register(parts, {
    id: 'events',
    method: 'get',
    path: '/v1/tasks/{id}/events',
    summary: 'What happened to a task after the event with sequence `after`.',
    parameters: requests.id,
    query: requests.eventsQuery,
    answer: answers.events,
    carryOut: async ({ parameters, query, api }) => ({
      events: await api.events(parameters.id, query.after, query.limit),
    }),
  });
  register(parts, {
    id: 'output',
    method: 'get',
    path: '/v1/tasks/{id}/output',
    summary: "A page of a task's output; `next` is the `after` of the page that follows.",
    parameters: requests.id,
    query: requests.outputQuery,
    answer: answers.output,
    carryOut: async ({ parameters, query, api }) =>
      encodePage(await api.output(parameters.id, query.after ?? null, query.limit)),
  });
}

function registerReport(parts: RouteParts): void {
  register(parts, {
    id: 'report',
    method: 'get',
    path: '/v1/tasks/{id}/report',
    summary: 'What a run did and what proves it, as a document in one of five forms.',
    parameters: requests.id,
    query: requests.reportQuery,
    answer: answers.report,
    carryOut: async ({ parameters, query, api }) => await api.report(parameters.id, query.form),
  });
}

function registerSteering(parts: RouteParts): void {
  register(parts, {
    id: 'cancel',
    method: 'post',
    path: '/v1/tasks/{id}/cancel',
    summary: 'Cancels a task or a group.',
    parameters: requests.id,
    body: requests.cancelBody,
    answer: answers.tasks,
    carryOut: async ({ parameters, body, api }) => ({ tasks: await api.cancel(parameters.id, body.force) }),
  });
  for (const verb of ['pause', 'resume'] as const) {
    register(parts, {
      id: verb,
      method: 'post',
      path: `/v1/tasks/{id}/${verb}`,
      summary: `${verb === 'pause' ? 'Pauses' : 'Resumes'} a task or a group.`,
      parameters: requests.id,
      answer: answers.tasks,
      carryOut: async ({ parameters, api }) => ({ tasks: await api[verb](parameters.id) }),
    });
  }
  register(parts, {
    id: 'retry',
    method: 'post',
    path: '/v1/tasks/{id}/retry',
    summary: 'New tasks for what did not succeed.',
    parameters: requests.id,
    answer: answers.submitted,
    carryOut: async ({ parameters, api }) => await api.retry(parameters.id),
  });
  register(parts, {
    id: 'remove',
    method: 'post',
    path: '/v1/tasks/remove',
    summary: 'Removes ended tasks; everything given must hold.',
    body: requests.removeBody,
    answer: answers.count,
    carryOut: async ({ body, api }) => await api.remove(requests.exact<RemoveRequest>(body)),
  });
}

function registerApprovals(parts: RouteParts): void {
  register(parts, {
    id: 'approvals',
    method: 'get',
    path: '/v1/approvals',
    summary: 'Approvals, all or of one state.',
    query: requests.approvalsQuery,
    answer: answers.approvals,
    carryOut: async ({ query, api }) => {
      const state: Approval['state'] | null = query.state ?? null;
      return { approvals: await api.approvals(state) };
    },
  });
  register(parts, {
    id: 'decide',
    method: 'post',
    path: '/v1/approvals/{id}/decide',
    summary: 'Approves or declines.',
    parameters: requests.id,
    body: requests.decideBody,
    answer: answers.task,
    carryOut: async ({ parameters, body, api }) => {
      const { answer, choice, note } = body;
      const word = { ...(choice ? { choice } : {}), ...(note === undefined ? {} : { note }) };
      return await api.decide(parameters.id, answer, word);
    },
  });
}

async function streamed(
  parts: RouteParts,
  context: Context<HttpEnvironment>,
  open: (signal: AbortSignal) => AsyncIterable<FollowItem>,
): Promise<Response> {
  return context.body(await eventStream(open, paceFor(parts, context)), 200, STREAM_HEADERS);
}

/** The fields that are there. */
function given<Key extends string>(
  from: { readonly [Name in Key]?: boolean | undefined },
  ...keys: readonly Key[]
): { readonly [Name in Key]?: boolean } {
  return Object.fromEntries(keys.filter(key => from[key] !== undefined).map(key => [key, from[key]])) as {
    readonly [Name in Key]?: boolean;
  };
}
