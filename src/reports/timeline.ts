import type { TaskEvent } from '../core/task-event.ts';
import { oneLine } from '../core/untrusted.ts';

/** One line of a run's history, flat: made for filters, tables and JSON lines. */
export interface TimelineEntry {
  readonly seq: number;
  /** ISO 8601. */
  readonly time: string;
  /** Milliseconds since the first event. */
  readonly at: number;
  /** Milliseconds that it took; null where it is a moment. */
  readonly duration: number | null;
  readonly kind: TaskEvent['kind'];
  readonly host: string | null;
  readonly step: string | null;
  readonly failed: boolean;
  readonly text: string;
  /** Command runs, or the task itself. */
  readonly evidence: readonly string[];
}

export interface TimelineFilter {
  /** Names; empty = all, and what concerns no host. */
  readonly hosts?: readonly string[];
  readonly kinds?: readonly string[];
  readonly steps?: readonly string[];
  /** True: only what went wrong or had to be mended. */
  readonly failed?: boolean;
}

/** The events of one task as lines, in order, with the time that each phase and step took. Pure. */
export function timelineOf(events: readonly TaskEvent[]): readonly TimelineEntry[] {
  const beginning = Date.parse(events[0]?.time ?? '');
  const told = events.filter(event => event.kind !== 'progress');
  const ends = endsOfPhases(told);
  return told.map(event => {
    const { text, failed = false, evidence = [] } = wordsOf(event);
    return {
      seq: event.seq,
      time: event.time,
      at: Date.parse(event.time) - beginning,
      duration: durationOf(event, ends),
      kind: event.kind,
      host: 'host' in event ? event.host : null,
      step: 'stepId' in event ? event.stepId : null,
      failed,
      text: oneLine(text),
      evidence: evidence.length > 0 ? evidence : [event.task],
    };
  });
}

export function filterTimeline(
  entries: readonly TimelineEntry[],
  { hosts = [], kinds = [], steps = [], failed = false }: TimelineFilter,
): readonly TimelineEntry[] {
  const fits = (wanted: readonly string[], value: string | null): boolean =>
    wanted.length === 0 || (value !== null && wanted.includes(value));
  return entries.filter(
    entry =>
      fits(hosts, entry.host) &&
      fits(kinds, entry.kind) &&
      fits(steps, entry.step) &&
      (!failed || entry.failed || entry.kind === 'correction'),
  );
}

/** When each phase was over: with the next of its host, milliseconds since the epoch. */
function endsOfPhases(events: readonly TaskEvent[]): ReadonlyMap<TaskEvent, number> {
  const ends = new Map<TaskEvent, number>();
  const nextOf = new Map<string, number>();
  for (const event of events.toReversed()) {
    if (event.kind !== 'host-phase' && event.kind !== 'host-completed') continue;
    const next = nextOf.get(event.host);
    if (next !== undefined) ends.set(event, next);
    nextOf.set(event.host, Date.parse(event.time));
  }
  return ends;
}

/** A phase lasts until the next of its host; a step says itself how long it took. */
function durationOf(event: TaskEvent, ends: ReadonlyMap<TaskEvent, number>): number | null {
  if (event.kind === 'step-completed') return event.report.duration;
  if (event.kind === 'model-answered') return event.duration;
  if (event.kind !== 'host-phase') return null;
  const end = ends.get(event);
  return end === undefined ? null : end - Date.parse(event.time);
}

interface EventWords {
  readonly text: string;
  readonly failed?: boolean;
  readonly evidence?: readonly string[];
}

function wordsOf(event: TaskEvent): EventWords {
  switch (event.kind) {
    case 'task-state': {
      const why = event.error ? `: ${event.error.code}: ${event.error.message}` : '';
      const reason = event.reason === undefined ? '' : ` (${event.reason})`;
      return { text: `the task is ${event.state}${reason}${why}`, failed: event.error !== undefined };
    }
    case 'task-started':
      return { text: `claim ${event.claim} began in ${event.executor}` };
    case 'claim-lost':
      return { text: `claim ${event.claim} was lost: ${event.reason}`, failed: true };
    case 'attempt-failed':
      return { text: `an attempt failed: ${event.error.code}: ${event.error.message}`, failed: true };
    case 'run-begun':
      return { text: 'a command run began', evidence: [event.runId] };
    case 'phase':
      return { text: event.phase };
    case 'progress':
      return { text: event.progress.text };
    case 'cancel-asked':
      return { text: event.force ? 'a cancel by force was asked for' : 'a cancel was asked for' };
    case 'note':
      return { text: event.text };
    default:
      return runWords(event);
  }
}

type RunPart = Exclude<
  TaskEvent,
  {
    kind:
      | 'task-state'
      | 'task-started'
      | 'claim-lost'
      | 'attempt-failed'
      | 'run-begun'
      | 'phase'
      | 'progress'
      | 'cancel-asked'
      | 'note';
  }
>;

function runWords(event: RunPart): EventWords {
  switch (event.kind) {
    case 'host-phase':
      return { text: event.phase };
    case 'plan-ready':
      return { text: `the plan is ready: ${event.preview.plan.goal}`, evidence: [event.preview.hash] };
    case 'approval-requested':
      return { text: `asked for an approval: ${event.title}`, evidence: [event.approval ?? event.hash] };
    case 'step-started':
      return { text: `step ${event.index} of ${event.total} began: ${event.title}` };
    case 'state-applying':
      return { text: `applying ${event.state}` };
    case 'correction':
      return { text: `corrected ${event.signature}: ${event.title}` };
    case 'step-completed': {
      const { report, outcome } = event;
      const evidence = [...report.changes, ...report.corrections].map(({ commandRunId }) => commandRunId);
      const why = report.error ? `: ${report.error.code}: ${report.error.message}` : '';
      return { text: `${outcome}: ${report.title}${why}`, failed: outcome === 'failed', evidence };
    }
    case 'proof': {
      const { title, holds, commandRunId } = event.proof;
      return {
        text: `${holds ? 'holds' : 'does not hold'}: ${title}`,
        failed: !holds,
        evidence: commandRunId === '' ? [] : [commandRunId],
      };
    }
    case 'model-asked':
      return { text: `asked ${event.model} to ${event.role}` };
    case 'model-answered': {
      const why = event.error ? `: ${event.error.code}: ${event.error.message}` : '';
      return { text: `${event.model} answered (${event.role})${why}`, failed: event.error !== undefined };
    }
    case 'decision':
      return { text: `decided to ${event.action}: ${event.reason}` };
    case 'needs-person':
      return { text: `needs a person: ${event.title}`, failed: true, evidence: [event.approval] };
    case 'host-completed': {
      const why = event.error ? `: ${event.error.code}: ${event.error.message}` : '';
      return { text: `${event.outcome}${why}`, failed: event.outcome === 'failed' };
    }
    default:
      // an event of a newer engine
      return { text: (event as { readonly kind: string }).kind };
  }
}
