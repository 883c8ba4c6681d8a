import type { FollowItem, FollowOptions, TaskApi } from '../task-api.ts';
import { sampleEvent, sampleTask } from './fake-task-api.ts';

/** Items for tests of streams. */
export const event = (seq: number): FollowItem => ({
  item: 'event',
  event: sampleEvent(seq),
  cursor: `c${seq}`,
});
export const ended: FollowItem = { item: 'ended', task: { ...sampleTask('task-1'), state: 'succeeded' } };

export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** A stream that gives nothing: it ends as `promise` does. */
export async function* silence(promise: Promise<unknown>): AsyncGenerator<FollowItem> {
  await promise;
  yield* [];
}

/** Each connection gets the next script: items, then `hang` or an end. */
export function scripted(...scripts: readonly (readonly (FollowItem | 'hang')[])[]): {
  readonly behaviour: Pick<TaskApi, 'follow' | 'submitAndFollow'>;
  readonly asked: { readonly id: string | null; readonly after: string | undefined }[];
} {
  const asked: { readonly id: string | null; readonly after: string | undefined }[] = [];
  const open = async function* (id: string | null, options: FollowOptions): AsyncGenerator<FollowItem> {
    const script = scripts[asked.length] ?? [];
    asked.push({ id, after: options.after });
    for (const item of script) {
      if (item === 'hang') return await untilAborted(options.signal);
      yield item;
    }
  };
  return {
    asked,
    behaviour: { follow: open, submitAndFollow: (_submission, options) => open(null, options) },
  };
}
