import type { Clock } from '../core/clock.ts';
import { ask, type ModelDoor } from './door.ts';

export interface Farewell {
  readonly door: ModelDoor;
  /** Of the stream. */
  readonly id: string;
  readonly clock: Clock;
  /** Milliseconds after which a server that was not reached is let be: it ends by itself what nobody reads. */
  readonly outage: number;
}

/** Milliseconds that being told may take, and between two tries. */
const LIMIT = 5_000;
const AGAIN = 1_000;
/** Milliseconds after which a server that did not know the stream is told again: the question may still be on its way. */
const LATER = [200, 600, 2_000];

/**
 * Tells a server that goes on without a reader to stop. Resolves when it was told, or could not be for five
 * seconds; then it is told as soon as it can be reached again, while nobody waits. Never throws.
 */
export async function sayFarewell(farewell: Farewell): Promise<void> {
  const status = await told(farewell);
  if (status === null) void untilTold(farewell);
  else if (status === 404) void toldLater(farewell);
}

async function untilTold(farewell: Farewell): Promise<void> {
  const { clock, outage } = farewell;
  const until = clock.monotonic() + outage;
  while (clock.monotonic() < until) {
    await clock.sleep(AGAIN);
    if ((await told(farewell)) !== null) return;
  }
}

async function toldLater(farewell: Farewell): Promise<void> {
  for (const pause of LATER) {
    await farewell.clock.sleep(pause);
    if ((await told(farewell)) !== 404) return;
  }
}

/** Its answer; null: it was not reached. */
async function told({ door, id }: Farewell): Promise<number | null> {
  try {
    const signal = AbortSignal.timeout(LIMIT);
    const response = await ask(door, { method: 'DELETE', path: `/v1/stream?conv_id=${id}`, signal });
    response.destroy();
    return response.statusCode ?? null;
  } catch {
    return null;
  }
}
