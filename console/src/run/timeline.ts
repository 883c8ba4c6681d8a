import type { TaskEvent } from 'deckhand/client';

/** A thing that was done, and how long it took. */
export interface TimelineStep {
  readonly seq: number;
  readonly title: string;
  readonly outcome: 'done' | 'failed' | 'skipped' | 'goes on' | 'noted';
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Milliseconds; null while it goes on. */
  readonly duration: number | null;
  readonly host: string | null;
  /** How often it was begun: repeats are one step. */
  readonly times: number;
}

/** The events of a task as steps, repeats folded. Pure. */
export function timelineOf(events: readonly TaskEvent[]): readonly TimelineStep[] {
  const steps: TimelineStep[] = [];
  let open: number | null = null;
  const close = (time: number, outcome: TimelineStep['outcome'] = 'done'): void => {
    const step = open === null ? undefined : steps[open];
    if (step && open !== null) steps[open] = { ...step, outcome, duration: time - step.startedAt };
    open = null;
  };
  const begin = (step: Omit<TimelineStep, 'duration' | 'outcome' | 'times'>): void => {
    const before = steps.at(-1);
    close(step.startedAt);
    if (before?.title === step.title && before.host === step.host) {
      steps[steps.length - 1] = { ...before, outcome: 'goes on', duration: null, times: before.times + 1 };
    } else steps.push({ ...step, outcome: 'goes on', duration: null, times: 1 });
    open = steps.length - 1;
  };
  for (const event of events) {
    const startedAt = Date.parse(event.time);
    const { seq } = event;
    switch (event.kind) {
      case 'phase':
        begin({ seq, title: event.phase, startedAt, host: null });
        break;
      case 'host-phase':
        begin({ seq, title: event.phase, startedAt, host: event.host });
        break;
      case 'step-started':
        begin({
          seq,
          title: `${event.index + 1}/${event.total} ${event.title}`,
          startedAt,
          host: event.host,
        });
        break;
      case 'step-completed':
        close(
          startedAt,
          event.outcome === 'failed' ? 'failed' : event.outcome === 'skipped' ? 'skipped' : 'done',
        );
        break;
      case 'correction':
        steps.push({
          seq,
          title: `corrected: ${event.title}`,
          outcome: 'noted',
          startedAt,
          duration: null,
          host: event.host,
          times: 1,
        });
        break;
      case 'proof':
        steps.push({
          seq,
          title: `${event.proof.holds ? 'proved' : 'not so'}: ${event.proof.title}`,
          outcome: event.proof.holds ? 'done' : 'failed',
          startedAt,
          duration: null,
          host: event.host,
          times: 1,
        });
        break;
      case 'attempt-failed':
        close(startedAt, 'failed');
        steps.push({
          seq,
          title: `${event.error.code}, tried again`,
          outcome: 'failed',
          startedAt,
          duration: null,
          host: null,
          times: 1,
        });
        break;
      case 'task-state':
        if (event.state !== 'running') close(startedAt, event.state === 'failed' ? 'failed' : 'done');
        break;
      default:
    }
  }
  return steps;
}
