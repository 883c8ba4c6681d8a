/** Where a task stands. Everything a task may become from there is in `TRANSITIONS`, and nothing else happens. */
export const TASK_STATES = [
  'blocked',
  'waiting-approval',
  'delayed',
  'queued',
  'running',
  'paused',
  'succeeded',
  'failed',
  'cancelled',
  'skipped',
  'lost',
] as const;
export type TaskState = (typeof TASK_STATES)[number];

/**
 * The legal moves. `running → queued` is a claim whose executor went away: the same attempt goes on elsewhere.
 * `lost` = it started, nobody saw it end, and it must not be started again by itself.
 */
export const TRANSITIONS: Readonly<Record<TaskState, readonly TaskState[]>> = {
  blocked: ['queued', 'delayed', 'skipped', 'cancelled'],
  'waiting-approval': ['queued', 'failed', 'cancelled'],
  delayed: ['queued', 'paused', 'cancelled', 'lost'],
  queued: ['running', 'paused', 'delayed', 'cancelled'],
  running: ['succeeded', 'failed', 'cancelled', 'lost', 'delayed', 'queued', 'paused', 'waiting-approval'],
  paused: ['queued', 'delayed', 'cancelled'],
  succeeded: [],
  failed: [],
  cancelled: [],
  skipped: [],
  lost: [],
};

/** States that nothing leaves. */
export const FINAL_STATES = TASK_STATES.filter(state => TRANSITIONS[state].length === 0);

export function isFinal(state: TaskState): boolean {
  return TRANSITIONS[state].length === 0;
}

export function mayBecome(from: TaskState, to: TaskState): boolean {
  return TRANSITIONS[from].includes(to);
}
