import { describe, expect, it } from 'vitest';
import { WindowTuner } from './window-tuner.ts';

const MEBIBYTE = 1024 * 1024;
const CHUNK = 255 * 1024;

/** Bytes flow at the link's rate or the window per round trip, whichever is less, for so many MiB. */
function run(
  tuner: WindowTuner,
  link: { rate: number; roundTrip: number; mebibytes: number },
  began = 0,
): number {
  let now = began;
  for (let moved = 0; moved < link.mebibytes * MEBIBYTE; moved += CHUNK) {
    now += CHUNK / Math.min(link.rate, tuner.window / Math.max(0.1, link.roundTrip));
    tuner.acknowledged(CHUNK, now);
  }
  return now;
}

/** MiB per second as bytes per millisecond. */
const rate = (mebibytes: number): number => (mebibytes * MEBIBYTE) / 1000;

describe('the window', () => {
  it('stays small where the link is short', () => {
    const tuner = new WindowTuner();
    run(tuner, { rate: rate(600), roundTrip: 0.2, mebibytes: 2_000 });
    expect(tuner.window).toBeLessThanOrEqual(2 * MEBIBYTE);
  });

  it('grows to what a long link holds', () => {
    const tuner = new WindowTuner();
    const link = { rate: rate(400), roundTrip: 20, mebibytes: 2_000 };
    const time = run(tuner, link);
    expect(tuner.window).toBeGreaterThanOrEqual(8 * MEBIBYTE);
    expect(time).toBeLessThan(1.3 * (2_000 / 400) * 1000);
  });

  it('never passes its limits, and comes back after a link became slow', () => {
    const tuner = new WindowTuner();
    const now = run(tuner, { rate: rate(1_000), roundTrip: 200, mebibytes: 4_000 });
    expect(tuner.window).toBe(16 * MEBIBYTE);
    run(tuner, { rate: rate(1), roundTrip: 1, mebibytes: 20_000 }, now);
    expect(tuner.window).toBeLessThan(16 * MEBIBYTE);
    expect(tuner.window).toBeGreaterThanOrEqual(MEBIBYTE);
  });
});
