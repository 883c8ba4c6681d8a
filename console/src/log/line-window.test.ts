import { describe, expect, it } from 'vitest';
import { baseFor, nextBase, ROW, STRETCH, windowOf } from './line-window.ts';

const MILLIONS = 5_000_000;

describe('windowOf', () => {
  it('draws what is seen and a little more', () => {
    expect(windowOf(0, 1000, 0, 10 * ROW)).toEqual({ base: 0, rows: 1000, from: 1, to: 20 });
    expect(windowOf(0, 1000, 500 * ROW, 10 * ROW)).toMatchObject({ from: 491, to: 520 });
  });
  it('never goes beyond the log', () => {
    expect(windowOf(0, 5, 0, 10 * ROW)).toMatchObject({ rows: 5, from: 1, to: 5 });
    expect(windowOf(0, 0, 0, 10 * ROW)).toMatchObject({ rows: 0, to: 0 });
    expect(windowOf(0, 100, 10_000 * ROW, 10 * ROW)).toMatchObject({ to: 100 });
  });
  it('a stretch of a long log is no higher than a browser can count', () => {
    const base = baseFor(MILLIONS, MILLIONS);
    const shown = windowOf(base, MILLIONS, (STRETCH - 10) * ROW, 10 * ROW);
    expect(shown).toMatchObject({ rows: STRETCH, to: MILLIONS });
    expect(shown.rows * ROW).toBeLessThan(8_000_000);
  });
});

describe('nextBase', () => {
  it('stays while there is more to scroll', () => {
    const base = baseFor(MILLIONS / 2, MILLIONS);
    expect(nextBase(base, MILLIONS, windowOf(base, MILLIONS, 1000 * ROW, 400))).toBeNull();
    expect(nextBase(0, 100, windowOf(0, 100, 0, 400))).toBeNull();
  });
  it('moves on at either end, and the line that is seen stays within', () => {
    const base = baseFor(MILLIONS / 2, MILLIONS);
    for (const top of [0, (STRETCH - 20) * ROW]) {
      const shown = windowOf(base, MILLIONS, top, 20 * ROW);
      const next = nextBase(base, MILLIONS, shown) ?? -1;
      expect(next).toBeGreaterThanOrEqual(0);
      expect(next).not.toBe(base);
      const line = top === 0 ? shown.from : shown.to;
      expect(line).toBeGreaterThan(next);
      expect(line).toBeLessThanOrEqual(next + STRETCH);
    }
  });
  it('is still at the very ends', () => {
    const last = baseFor(MILLIONS, MILLIONS);
    expect(nextBase(last, MILLIONS, windowOf(last, MILLIONS, (STRETCH - 20) * ROW, 400))).toBeNull();
    expect(nextBase(0, MILLIONS, windowOf(0, MILLIONS, 0, 400))).toBeNull();
  });
});
