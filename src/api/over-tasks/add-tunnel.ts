import { isDeepStrictEqual } from 'node:util';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { AddTunnelRequest, CallOptions } from '../contract.ts';
import type { FollowItem, Submission, TaskApi } from '../task-api.ts';
import type { TunnelView } from '../tunnel-contract.ts';
import type { OverTasksOptions } from './followed.ts';
import { answerOf } from './person-answers.ts';
import { errorOfRecord } from './task-results.ts';

/** A new tunnel is a task that is followed until it leads somewhere; see `TunnelApi`. */
export async function addTunnel(
  tasks: TaskApi,
  options: OverTasksOptions,
  request: AddTunnelRequest,
  call: CallOptions,
): Promise<TunnelView> {
  const known = (await tasks.tunnels()).find(({ name }) => name === request.name);
  if (known && known.state !== 'ended') return await sameTunnel(tasks, known, request);
  if (known) await tasks.removeTunnel(known.name);
  await followToLink(tasks, await submissionOf(tasks, request, options), call, options);
  return await tasks.tunnel(request.name);
}

async function submissionOf(
  tasks: TaskApi,
  request: AddTunnelRequest,
  { surroundings }: OverTasksOptions,
): Promise<Submission> {
  const hosts = await tasks.listHosts(surroundings, request.host);
  const [host] = hosts;
  if (hosts.length !== 1 || !host) {
    const message = `host: '${request.host}' names ${hosts.length} hosts; a tunnel leads to one.`;
    throw new DeckhandError('input.invalid', message, { details: { field: 'host' } });
  }
  return {
    kind: 'ssh.tunnel',
    params: { ...request, host: host.name },
    surroundings,
    tags: [`tunnel:${request.name}`],
    // whatever else waits: a tunnel takes no slot
    priority: 100,
    idempotencyKey: `tunnel/${request.name}`,
  };
}

/** The same definition twice is no mistake; another one under the same name is. */
async function sameTunnel(tasks: TaskApi, known: TunnelView, request: AddTunnelRequest): Promise<TunnelView> {
  const { params } = await tasks.task(known.task);
  if (isWithin(request, params)) return known;
  throw new DeckhandError('tunnel.exists', `There is another tunnel '${known.name}', to ${known.host}.`, {
    details: { name: known.name, host: known.host },
  });
}

/** Until it is up, down for now, or failed for good. Who leaves before that takes the tunnel along. */
async function followToLink(
  tasks: TaskApi,
  submission: Submission,
  call: CallOptions,
  options: OverTasksOptions,
): Promise<void> {
  const left = new AbortController();
  const signal = AbortSignal.any([call.signal, left.signal]);
  const answering = {
    prompts: options.prompts,
    approve: undefined,
    previewOf: () => undefined,
    onLeft: () => left.abort(),
  };
  let id: string | undefined;
  for await (const item of tasks.submitAndFollow(submission, { signal, answers: true })) {
    if (item.item === 'submitted') {
      id = item.submitted.tasks[0]?.id;
      options.onSubmitted?.(item.submitted);
    } else if (item.item === 'question') {
      const { task, id: question } = item.question;
      void answerOf(item.question, answering)
        .then(async answer => await tasks.answer(task, question, answer))
        .catch(() => false);
    } else if (isSettled(item)) return;
  }
  if (!signal.aborted || id === undefined) return;
  await tasks.cancel(id, false);
  throw new DeckhandError('command.cancelled', 'The tunnel was cancelled before it was up.');
}

/** Throws what the task failed with. */
function isSettled(item: FollowItem): boolean {
  if (item.item === 'ended') {
    const { error, title } = item.task;
    throw error ? errorOfRecord(error) : new DeckhandError('command.cancelled', `${title}: cancelled.`);
  }
  if (item.item !== 'event') return false;
  // refused credentials fail the task right after: its end says why
  return item.event.kind === 'phase' && (item.event.phase === 'up' || item.event.phase === 'down');
}

/** True: all that was asked for is so already. */
function isWithin(asked: object, has: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(asked).every(([name, value]) => {
    const own = has[name];
    const isGroup = name === 'health' && typeof own === 'object' && own !== null;
    return isGroup
      ? isWithin(value as object, own as Record<string, unknown>)
      : isDeepStrictEqual(value, own);
  });
}
