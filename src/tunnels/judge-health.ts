import type { HealthState, LinkState } from '../core/tunnel.ts';

/** What one look at the target showed. */
export interface HealthReading {
  /** `wrong`: it answered, but not as it should; `refused`: nothing answered. */
  readonly answer: 'healthy' | 'loading' | 'sleeping' | 'wrong' | 'refused';
  readonly text: string;
}

/** Wrong answers in a row after which it counts as down. */
const PATIENCE = 3;

/**
 * The state after a look; pure. Without a look the link decides: a tunnel that never was up is starting, one
 * that lost its host is down. One wrong answer is a hiccup, three are not.
 */
export function judgeHealth(
  before: { readonly state: HealthState; readonly wrongInARow: number },
  link: LinkState,
  reading: HealthReading | null,
): { readonly state: HealthState; readonly wrongInARow: number } {
  if (link !== 'up') {
    const isStarting = before.state === 'starting' && link === 'connecting';
    return { state: isStarting ? 'starting' : 'down', wrongInARow: 0 };
  }
  if (reading === null) return before.state === 'down' ? { state: 'starting', wrongInARow: 0 } : before;
  if (reading.answer === 'refused') return { state: 'down', wrongInARow: 0 };
  if (reading.answer !== 'wrong') return { state: reading.answer, wrongInARow: 0 };
  const wrongInARow = before.wrongInARow + 1;
  return { state: wrongInARow >= PATIENCE ? 'down' : 'degraded', wrongInARow };
}
