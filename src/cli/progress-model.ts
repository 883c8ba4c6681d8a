import type { RunEvent } from '../core/run-event.ts';

/** What is going on on one host, as far as the events told. */
export interface ProgressRow {
  readonly host: string;
  readonly state: 'working' | 'proved' | 'failed';
  /** The phase, or the title of the step at work. */
  readonly title: string;
  /** 1-based; 0 before the first step. */
  readonly step: number;
  readonly total: number;
  /** Steps that came to an end. */
  readonly done: number;
  readonly changed: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number | null;
}

export type ProgressRows = ReadonlyMap<string, ProgressRow>;

/** The rows after one more event; the same object when nothing visible changed. */
export function advance(rows: ProgressRows, event: RunEvent): ProgressRows {
  if (!('host' in event)) return rows;
  const now = Date.parse(event.time);
  const row = rows.get(event.host) ?? newRow(event.host, now);
  const next = nextRow(row, event, now);
  return next === row && rows.has(event.host) ? rows : new Map(rows).set(event.host, next);
}

function newRow(host: string, startedAt: number): ProgressRow {
  return {
    host,
    state: 'working',
    title: 'waiting',
    step: 0,
    total: 0,
    done: 0,
    changed: 0,
    startedAt,
    endedAt: null,
  };
}

function nextRow(row: ProgressRow, event: RunEvent, now: number): ProgressRow {
  switch (event.kind) {
    case 'host-phase':
      return { ...row, title: event.phase };
    case 'step-started':
      return { ...row, title: event.title, step: event.index, total: event.total };
    case 'state-applying':
      return { ...row, title: event.state };
    case 'correction':
      return { ...row, title: `correcting: ${event.title}` };
    case 'step-completed':
      return { ...row, done: row.done + 1, changed: row.changed + event.report.changes.length };
    case 'host-completed':
      return { ...row, state: event.outcome, title: event.error?.code ?? event.outcome, endedAt: now };
    case 'output':
      return row.title === 'waiting' ? { ...row, title: 'running' } : row;
    default:
      return row;
  }
}
