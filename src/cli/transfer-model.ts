import type { TransferUpdate } from '../api/contract.ts';
import { isFinal } from '../core/task-state.ts';

/** How far one transfer is, as far as its task told. */
export interface TransferRow {
  readonly host: string;
  readonly state: 'working' | 'done' | 'failed';
  /** `waiting`, or what the task said: `uploading`, `verifying` … */
  readonly phase: string;
  /** Bytes. */
  readonly done: number;
  /** Null where it is not known yet. */
  readonly total: number | null;
  /** The file at work, or what the phase is about. */
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number | null;
  /** The last seconds, oldest first: the rate is taken from them. */
  readonly samples: readonly Sample[];
}
interface Sample {
  readonly at: number;
  readonly done: number;
}

/** By id of the task: one host may have several transfers. */
export type TransferRows = ReadonlyMap<string, TransferRow>;

/** Milliseconds that a rate looks back. */
const WINDOW = 10_000;

/** The rows after one more update. */
export function advanceTransfers(rows: TransferRows, update: TransferUpdate): TransferRows {
  const at = Date.parse(update.time);
  const row = rows.get(update.task) ?? newRow(update.host, at);
  return new Map(rows).set(update.task, nextRow(row, update, at));
}

function newRow(host: string, startedAt: number): TransferRow {
  const nothing = { phase: 'waiting', done: 0, total: null, text: '', endedAt: null, samples: [] };
  return { host, state: 'working', startedAt, ...nothing };
}

function nextRow(row: TransferRow, update: TransferUpdate, at: number): TransferRow {
  switch (update.kind) {
    case 'phase':
      return { ...row, phase: update.phase, text: '' };
    case 'progress':
      return update.progress.unit === 'bytes'
        ? moved(row, update.progress, at)
        : { ...row, text: update.progress.text };
    case 'attempt-failed':
      // the next attempt says anew how far it is
      return { ...row, phase: 'waiting', text: update.error.code, samples: [] };
    case 'task-state':
      return afterState(row, update, at);
  }
}

function moved(
  row: TransferRow,
  { done, total, text }: { readonly done: number; readonly total: number | null; readonly text: string },
  at: number,
): TransferRow {
  const fallen = done < row.done;
  const recent = fallen ? [] : row.samples.filter(sample => at - sample.at <= WINDOW);
  return { ...row, done, total, text, samples: [...recent, { at, done }] };
}

function afterState(
  row: TransferRow,
  { state, error, reason }: Extract<TransferUpdate, { kind: 'task-state' }>,
  at: number,
): TransferRow {
  if (state === 'succeeded') return { ...row, state: 'done', text: '', endedAt: at };
  if (isFinal(state)) return { ...row, state: 'failed', text: error?.code ?? state, endedAt: at };
  if (state === 'running') return row;
  return { ...row, phase: state === 'queued' ? 'waiting' : state, text: reason ?? '' };
}

/** Bytes a second over the last seconds; null where too little was seen. `now` = milliseconds since the epoch. */
export function rateOf({ samples }: Pick<TransferRow, 'samples'>, now: number): number | null {
  const [first] = samples;
  const last = samples.at(-1);
  if (!first || !last || samples.length < 2) return null;
  const time = Math.max(now, last.at) - first.at;
  return time <= 0 ? null : ((last.done - first.done) / time) * 1000;
}

/** Milliseconds until it is done at this rate; null where nobody can say. */
export function leftOf(
  { done, total }: Pick<TransferRow, 'done' | 'total'>,
  rate: number | null,
): number | null {
  if (total === null || rate === null || rate <= 0) return null;
  return (Math.max(0, total - done) / rate) * 1000;
}

/** Between 0 and 1; null where the total is not known. */
export function partOf({ done, total }: Pick<TransferRow, 'done' | 'total'>): number | null {
  if (total === null) return null;
  return total === 0 ? 1 : Math.min(1, done / total);
}
