import type { Submission, TaskApi, TaskView } from '../api/task-api.ts';
import { tailOf } from '../core/untrusted.ts';
import type { RemoteText } from './tool-answer.ts';

/** Bytes of each stream that are gathered. */
const MOST_OUTPUT = 256 * 1024;

/** How far the tasks of a submission came while somebody waited. */
export interface Followed {
  readonly group: string;
  readonly tasks: readonly TaskView[];
  readonly output: readonly RemoteText[];
}

/**
 * Submits and waits until all ended, or nothing will happen without a person, or `wait` milliseconds are over: the
 * tasks go on then. Throws what submitting throws.
 */
export async function submitAndWait(
  api: TaskApi,
  submission: Submission,
  { wait, signal }: { readonly wait: number; readonly signal: AbortSignal },
): Promise<Followed> {
  const enough = AbortSignal.any([signal, AbortSignal.timeout(wait)]);
  const tasks = new Map<string, TaskView>();
  const texts = new Map<
    string,
    { readonly decoder: InstanceType<typeof TextDecoder>; text: string; bytes: number }
  >();
  let group = '';
  for await (const item of api.submitAndFollow(submission, { signal: enough })) {
    if (item.item === 'submitted') {
      ({ group } = item.submitted);
      for (const task of item.submitted.tasks) tasks.set(task.id, task);
    } else if (item.item === 'ended') tasks.set(item.task.id, item.task);
    else if (
      item.item === 'event' &&
      item.event.kind === 'task-state' &&
      item.event.state === 'waiting-approval'
    )
      break;
    else if (item.item === 'output') {
      for (const { stream, bytes } of item.pieces) {
        const name = `${tasks.get(item.task)?.host ?? item.task} ${stream}`;
        const kept = texts.get(name) ?? { decoder: new TextDecoder(), text: '', bytes: 0 };
        texts.set(name, kept);
        kept.bytes += bytes.length;
        kept.text = tailOf(kept.text + kept.decoder.decode(bytes, { stream: true }), MOST_OUTPUT);
      }
    }
  }
  signal.throwIfAborted();
  const now = await Promise.all([...tasks.keys()].map(async id => await api.task(id)));
  const output = [...texts].map(([from, { text }]) => ({ from, text }));
  return { group, tasks: now, output };
}

/** A task as a model needs it. */
export function factsOf(task: TaskView): object {
  const { id, kind, host, title, state, phase, error, progress, createdAt, finishedAt } = task;
  const exitCode = task.result?.['exitCode'];
  return {
    id,
    kind,
    host,
    title,
    state,
    ...(phase !== null && { phase }),
    ...(exitCode !== undefined && { exitCode }),
    ...(error && { error }),
    ...(progress && { progress }),
    created: new Date(createdAt).toISOString(),
    ...(finishedAt !== null && { finished: new Date(finishedAt).toISOString() }),
    ...(state === 'waiting-approval' && {
      needs: 'a person who says yes: deckhand approvals, or the console',
    }),
  };
}

/** What a task gave, as remote text. */
export function resultOf(task: TaskView, from = `${task.id} result`): RemoteText {
  return { from, text: task.result ? JSON.stringify(task.result, null, 1) : '' };
}
