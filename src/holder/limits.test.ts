import { describe, expect, it } from 'vitest';
import type { Clock } from '../core/clock.ts';
import { RunLimits } from './limits.ts';

const NEVER = new AbortController().signal;

class SteeredClock implements Clock {
  #time = 0;
  #sleepers: { readonly until: number; readonly wake: () => void }[] = [];
  now(): number {
    return this.#time;
  }
  monotonic(): number {
    return this.#time;
  }
  sleep(milliseconds: number): Promise<void> {
    return new Promise(resolve => this.#sleepers.push({ until: this.#time + milliseconds, wake: resolve }));
  }
  async advance(milliseconds: number): Promise<void> {
    this.#time += milliseconds;
    const due = this.#sleepers.filter(sleeper => sleeper.until <= this.#time);
    this.#sleepers = this.#sleepers.filter(sleeper => sleeper.until > this.#time);
    for (const sleeper of due) sleeper.wake();
    await new Promise(resolve => setImmediate(resolve));
  }
}

function watch(limits: { timeout: number; idleTimeout?: number }): {
  clock: SteeredClock;
  limits: RunLimits;
  reason: () => string | undefined;
} {
  const clock = new SteeredClock();
  const watched = new RunLimits(clock, limits, NEVER);
  let seen: string | undefined;
  void watched.reached.then(reason => (seen = reason));
  return { clock, limits: watched, reason: () => seen };
}

describe('RunLimits', () => {
  it('stops a silent run, and only a silent one', async () => {
    const { clock, limits, reason } = watch({ timeout: 0, idleTimeout: 100 });
    await clock.advance(90);
    limits.sawOutput();
    await clock.advance(90);
    expect(reason()).toBeUndefined();
    await clock.advance(10);
    expect(reason()).toBe('idle-timeout');
  });

  it('counts no time while the run is paused', async () => {
    for (const kind of ['timeout', 'idle-timeout']) {
      const { clock, limits, reason } = watch(
        kind === 'timeout' ? { timeout: 100 } : { timeout: 0, idleTimeout: 100 },
      );
      await clock.advance(60);
      limits.setPaused(true);
      limits.setPaused(true);
      await clock.advance(1000);
      limits.setPaused(false);
      await clock.advance(30);
      expect(reason()).toBeUndefined();
      await clock.advance(10);
      expect(reason()).toBe(kind);
    }
  });

  it('counts no silence while the reader has output in hand', async () => {
    const { clock, limits, reason } = watch({ timeout: 0, idleTimeout: 100 });
    const { promise, resolve } = Promise.withResolvers<void>();
    limits.readerBusy(promise);
    await clock.advance(500);
    await clock.advance(500);
    expect(reason()).toBeUndefined();
    resolve();
    await clock.advance(0);
    await clock.advance(99);
    expect(reason()).toBeUndefined();
    await clock.advance(100);
    expect(reason()).toBe('idle-timeout');
  });
});
