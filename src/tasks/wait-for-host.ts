import type { Outcome } from '../queue/executor-protocol.ts';
import type { TaskWork } from './task-kind.ts';

/** Since when, for the claims that follow. */
const NOTE = 'out-of-reach';

type Waiter = Pick<TaskWork<unknown>, 'steps' | 'clock' | 'hosts' | 'remember'>;
type Later = Extract<Outcome, { end: 'later' }>;

export interface WaitForHost extends Omit<Later, 'end' | 'cancelling'> {
  /** True: the host was in reach in this claim, so that the wait begins anew. */
  readonly anew?: boolean;
}

/** An earlier claim of this task has waited for a host already. */
export function hasWaited({ steps }: Pick<Waiter, 'steps'>): boolean {
  return steps.has(NOTE);
}

/**
 * Ends the claim until its host may be back: the task waits without a slot. `outcome` is null when that took longer
 * than `timeouts.lost`; `since` is in milliseconds since the epoch.
 */
export async function waitForHost(
  { steps, clock, hosts, remember }: Waiter,
  { anew = false, ...later }: WaitForHost,
): Promise<{ readonly outcome: Outcome | null; readonly since: number }> {
  const now = clock.now();
  const since = anew ? now : Number(steps.get(NOTE)?.['since'] ?? now);
  if (now - since > hosts.settings['timeouts.lost']) return { outcome: null, since };
  await remember(NOTE, { since });
  return { outcome: { end: 'later', ...later }, since };
}
