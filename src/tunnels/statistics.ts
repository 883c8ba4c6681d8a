import type { HealthState, LinkState, TunnelChange, TunnelStatistics } from '../core/tunnel.ts';

const HISTORY = 100;

/** What one tunnel counts. */
export class Counters {
  sent = 0;
  received = 0;
  open = 0;
  total = 0;
  held = 0;
  heldEver = 0;
  failed = 0;

  snapshot(reconnects: number): TunnelStatistics {
    const { sent, received, open, total, held, heldEver, failed } = this;
    return { sent, received, open, total, held, heldEver, failed, reconnects };
  }
}

/** What changed, bounded. */
export class History {
  readonly #changes: TunnelChange[] = [];

  add(time: number, what: TunnelChange['what'], state: LinkState | HealthState, text: string): TunnelChange {
    const change = { time, what, state, text };
    this.#changes.push(change);
    if (this.#changes.length > HISTORY) this.#changes.shift();
    return change;
  }

  list(): readonly TunnelChange[] {
    return [...this.#changes];
  }
}
