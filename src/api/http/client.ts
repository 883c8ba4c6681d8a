import type { ScheduleView } from '../../core/queue-view.ts';
import type { Clock } from '../../core/clock.ts';
import type { AttachedModel } from '../../core/attached-model.ts';
import type { Deployment } from '../../core/model-params.ts';
import type { TaskEvent } from '../../core/task-event.ts';
import type { Approval } from '../../core/task.ts';
import type { AccessApi } from '../access-contract.ts';
import type { ChatApi } from '../chat-contract.ts';
import type { FileApi } from '../file-contract.ts';
import type { RunApi } from '../run-contract.ts';
import { accessCalls, fileCalls } from './access-client.ts';
import type { FolderApi } from '../folder-contract.ts';
import type { StagingApi } from '../staging-contract.ts';
import { folderCalls } from './folder-client.ts';
import type { PolicyApi } from '../policy-contract.ts';
import type { SettingsApi } from '../settings-contract.ts';
import { policyCalls, settingsCalls } from './settings-client.ts';
import { chatCalls } from './chat-client.ts';
import type { DoctorFinding, HostSummary, RunbookSummary } from '../contract.ts';
import type { FollowOptions, Submission, TaskApi, TaskQuery, TaskView } from '../task-api.ts';
import type { EmergencyStop, NotificationTest } from '../oversight-contract.ts';
import type { TerminalApi } from '../terminal-contract.ts';
import type { TunnelView } from '../tunnel-contract.ts';
import type { WatchApi } from '../watch-contract.ts';
import { followItems, type Followed } from './follow-stream.ts';
import { decodePage, encodeSubmission } from './item-codec.ts';
import type { Call, Transport } from './transport.ts';
import { runCalls } from './run-client.ts';
import { terminalCalls } from '../terminal/terminal-client.ts';
import { watchCalls } from './watch-client.ts';

/** Milliseconds until a daemon must have answered. */
const ANSWER_LIMIT = 60_000;
/** The same for what reads or writes much. */
const LONG_LIMIT = 600_000;

/** What a client's calls stand on. */
export interface ClientParts {
  readonly transport: Transport;
  /** Aborted: every call and every stream of this client ends. */
  readonly signal?: AbortSignal | undefined;
  readonly clock: Clock;
  /** For the jitter of reconnects, 0 … 1. */
  readonly random: () => number;
}

/** The task API over a transport. Disposing of it ends its calls and lets go of the transport. */
export function clientOver({ transport, signal, clock, random }: ClientParts): TaskApi {
  const closing = new AbortController();
  const open = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;

  const ask: Ask = async <Answer>(
    method: Call['method'],
    path: string,
    body?: unknown,
    limit = ANSWER_LIMIT,
  ): Promise<Answer> =>
    // the contract's types are the daemon's promise; what it sends is not checked a second time
    (await transport.json({ method, path, body, signal: open, limit })) as Answer;
  const follow = (followed: Followed, stop: AbortSignal): ReturnType<typeof followItems> =>
    followItems({ transport, clock, random, signal: AbortSignal.any([stop, open]) }, followed);
  return {
    ...taskCalls(ask, follow),
    ...otherCalls(ask),
    ...chatCalls(ask, transport, open),
    ...watchCalls(ask, transport, open),
    ...accessCalls(ask),
    ...fileCalls(ask),
    ...runCalls(ask),
    ...settingsCalls(ask),
    ...policyCalls(ask),
    ...folderCalls(ask, transport, open),
    ...terminalCalls(ask, transport, open),
    async [Symbol.asyncDispose]() {
      closing.abort();
      transport[Symbol.dispose]();
    },
  };
}

export type Ask = <Answer>(
  method: Call['method'],
  path: string,
  body?: unknown,
  limit?: number,
) => Promise<Answer>;
type Follow = (followed: Followed, signal: AbortSignal) => ReturnType<TaskApi['follow']>;
type TaskCalls =
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
  | 'report'
  | 'remove'
  | 'approvals'
  | 'decide';

function taskCalls(ask: Ask, follow: Follow): Pick<TaskApi, TaskCalls> {
  const steer = async (id: string, verb: string, body?: unknown): Promise<readonly TaskView[]> =>
    (await ask<{ tasks: readonly TaskView[] }>('POST', `/v1/tasks/${part(id)}/${verb}`, body)).tasks;
  return {
    submit: submission => ask('POST', '/v1/tasks', encodeSubmission(submission)),
    submitAndFollow: (submission, options) => follow(followedSubmission(submission, options), options.signal),
    follow: (id, options) =>
      follow(
        {
          first: followCall(id, options, options.after ?? null),
          again: ({ cursor }) => followCall(id, options, cursor ?? options.after ?? null),
        },
        options.signal,
      ),
    async answer(task, question, answer) {
      const path = `/v1/tasks/${part(task)}/questions/${part(question)}`;
      return (await ask<{ accepted: boolean }>('POST', path, { answer })).accepted;
    },
    tasks: query => ask('GET', `/v1/tasks${taskQueryText(query)}`),
    task: id => ask('GET', `/v1/tasks/${part(id)}`),
    async events(id, after, limit) {
      const path = `/v1/tasks/${part(id)}/events${queryText({ after, limit })}`;
      return (await ask<{ events: readonly TaskEvent[] }>('GET', path)).events;
    },
    async output(id, after, limit) {
      return decodePage(await ask('GET', `/v1/tasks/${part(id)}/output${queryText({ after, limit })}`));
    },
    cancel: (id, force) => steer(id, 'cancel', { force }),
    pause: id => steer(id, 'pause'),
    resume: id => steer(id, 'resume'),
    retry: id => ask('POST', `/v1/tasks/${part(id)}/retry`),
    report: (id, form) => ask('GET', `/v1/tasks/${part(id)}/report${queryText({ form })}`),
    remove: request => ask('POST', '/v1/tasks/remove', request, LONG_LIMIT),
    async approvals(state) {
      const path = `/v1/approvals${queryText({ state })}`;
      return (await ask<{ approvals: readonly Approval[] }>('GET', path)).approvals;
    },
    decide: (approval, answer, word) =>
      ask('POST', `/v1/approvals/${part(approval)}/decide`, { answer, ...word }),
  };
}

function otherCalls(
  ask: Ask,
): Omit<
  TaskApi,
  | TaskCalls
  | keyof ChatApi
  | keyof WatchApi
  | keyof AccessApi
  | keyof FileApi
  | keyof RunApi
  | keyof SettingsApi
  | keyof PolicyApi
  | keyof FolderApi
  | keyof StagingApi
  | keyof TerminalApi
  | typeof Symbol.asyncDispose
> {
  return {
    async tunnels() {
      return (await ask<{ tunnels: readonly TunnelView[] }>('GET', '/v1/tunnels')).tunnels;
    },
    tunnel: name => ask('GET', `/v1/tunnels/${part(name)}`),
    startTunnel: name => ask('POST', `/v1/tunnels/${part(name)}/start`),
    stopTunnel: name => ask('POST', `/v1/tunnels/${part(name)}/stop`),
    async removeTunnel(name) {
      await ask('DELETE', `/v1/tunnels/${part(name)}`);
    },
    async pauseQueue() {
      await ask('POST', '/v1/queue/pause');
    },
    async resumeQueue() {
      await ask('POST', '/v1/queue/resume');
    },
    limits: () => ask('GET', '/v1/queue/limits'),
    setLimits: limits => ask('PATCH', '/v1/queue/limits', limits),
    statistics: () => ask('GET', '/v1/queue/statistics', undefined, LONG_LIMIT),
    health: () => ask('GET', '/v1/health'),
    async schedules() {
      return (await ask<{ schedules: readonly ScheduleView[] }>('GET', '/v1/schedules')).schedules;
    },
    addSchedule: schedule =>
      ask('POST', '/v1/schedules', { ...schedule, submission: encodeSubmission(schedule.submission) }),
    async removeSchedule(id) {
      await ask('DELETE', `/v1/schedules/${part(id)}`);
    },
    async deployments() {
      return (await ask<{ deployments: readonly Deployment[] }>('GET', '/v1/deployments')).deployments;
    },
    async attachedModels() {
      return (await ask<{ attached: readonly AttachedModel[] }>('GET', '/v1/attached-models')).attached;
    },
    async emergencyStop() {
      return (await ask<{ stop: EmergencyStop | null }>('GET', '/v1/stop')).stop;
    },
    stopAll: request => ask('POST', '/v1/stop', request),
    async clearStop() {
      return (await ask<{ cleared: boolean }>('DELETE', '/v1/stop')).cleared;
    },
    async testNotifications() {
      const answer = ask<{ receivers: readonly NotificationTest[] }>('POST', '/v1/notifications/test');
      return (await answer).receivers;
    },
    backup: file => ask('POST', '/v1/store/backup', { file }, LONG_LIMIT),
    async listHosts(surroundings, selector) {
      const body = { surroundings, selector };
      return (await ask<{ hosts: readonly HostSummary[] }>('POST', '/v1/hosts/list', body)).hosts;
    },
    removeHost: (surroundings, name) => ask('POST', `/v1/hosts/${part(name)}/remove`, { surroundings }),
    addHost: (surroundings, host) => ask('POST', '/v1/hosts', { surroundings, host }),
    async listRunbooks(surroundings) {
      const body = { surroundings };
      return (await ask<{ runbooks: readonly RunbookSummary[] }>('POST', '/v1/runbooks/list', body)).runbooks;
    },
    showRunbook: (surroundings, name) => ask('POST', `/v1/runbooks/${part(name)}/show`, { surroundings }),
    async doctor(surroundings) {
      const answer = ask<{ findings: readonly DoctorFinding[] }>(
        'POST',
        '/v1/doctor',
        { surroundings },
        LONG_LIMIT,
      );
      return (await answer).findings;
    },
  };
}

function followedSubmission(submission: Submission, options: FollowOptions): Followed {
  const { answers, untilEnded } = options;
  const first = {
    method: 'POST',
    path: `/v1/tasks${queryText({ follow: true, answers, untilEnded })}`,
    body: encodeSubmission(submission),
  } as const;
  return {
    first,
    again: ({ group, cursor }) => {
      if (group !== null) return followCall(group, options, cursor);
      // nobody knows whether it was accepted: only a key makes it safe to ask again
      return submission.idempotencyKey === undefined ? null : first;
    },
  };
}

function followCall(
  id: string,
  { answers, untilEnded }: FollowOptions,
  after: string | null,
): { readonly method: 'GET'; readonly path: string } {
  return { method: 'GET', path: `/v1/tasks/${part(id)}/follow${queryText({ after, answers, untilEnded })}` };
}

function taskQueryText({ states, ...rest }: TaskQuery): string {
  return queryText({ ...rest, state: states });
}

function part(text: string): string {
  return encodeURIComponent(text);
}

type QueryValue = string | number | boolean | null | undefined | readonly string[];

/** `?a=1&b=2` of what is there; switches are `1` and `0`. */
function queryText(values: Readonly<Record<string, QueryValue>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === undefined) continue;
    const texts =
      typeof value === 'boolean' ? [value ? '1' : '0'] : typeof value === 'object' ? value : [String(value)];
    for (const text of texts) query.append(name, text);
  }
  return query.size === 0 ? '' : `?${query.toString()}`;
}
