import type { OnEvent, RunEvent, RunEventBody } from '../../core/run-event.ts';
import type { OutputPiece, TaskEvent, TaskEventBody } from '../../core/task-event.ts';
import type { TaskView } from '../task-api.ts';

/** Kinds of task events that displays of a run take as they are. */
const RUN_KINDS: Readonly<Record<Exclude<RunEventBody['kind'], 'output'>, true>> = {
  'host-phase': true,
  'model-asked': true,
  'model-answered': true,
  'plan-ready': true,
  'approval-requested': true,
  'step-started': true,
  'state-applying': true,
  correction: true,
  'step-completed': true,
  decision: true,
  'needs-person': true,
  proof: true,
  'host-completed': true,
};

/** True for what a run tells; false for what happens to the task itself. */
export function isRunEvent<Event extends TaskEventBody>(
  event: Event,
): event is Extract<Event, Exclude<RunEventBody, { kind: 'output' }>> {
  return Object.hasOwn(RUN_KINDS, event.kind);
}

/** Turns what tasks tell into the events of one request, numbered anew from 1. */
export function runEventsOf(
  onEvent: OnEvent,
  now: () => number,
): {
  readonly event: (event: TaskEvent) => void;
  readonly output: (task: TaskView | undefined, pieces: readonly OutputPiece[]) => void;
} {
  let seq = 0;
  const emit = (event: Omit<RunEvent, 'seq'>): void => {
    seq += 1;
    onEvent({ ...event, seq } as RunEvent);
  };
  return {
    event(event) {
      if (isRunEvent(event)) emit(event);
    },
    output(task, pieces) {
      const host = task && hostOf(task);
      if (host === undefined) return;
      const stamp = { time: new Date(now()).toISOString(), requestId: task?.requestId ?? '' };
      for (const { stream, bytes } of pieces)
        emit({ kind: 'output', host, stream, bytes, ...stamp } as RunEvent);
    },
  };
}

/** The host whose output this is; unknown for a task that works on several. */
function hostOf(task: TaskView): string | undefined {
  if (task.host !== null) return task.host;
  // of this machine itself
  if (task.kind.endsWith('-here')) return 'local';
  const { hosts } = task.params;
  const only: unknown = Array.isArray(hosts) && hosts.length === 1 ? hosts[0] : undefined;
  return typeof only === 'string' ? only : undefined;
}
