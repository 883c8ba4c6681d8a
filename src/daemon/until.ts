import { systemClock } from '../core/clock.ts';

/** Milliseconds between two looks. */
const LOOK = 20;

/** Looks until something holds; false after `limit` milliseconds, or when `giveUp` is aborted and it does not hold then. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  limit: number,
  giveUp?: AbortSignal,
): Promise<boolean> {
  const begun = systemClock.monotonic();
  while (systemClock.monotonic() - begun < limit) {
    if (await holds()) return true;
    if (giveUp?.aborted) return false;
    await systemClock.sleep(LOOK);
  }
  return false;
}
