import { describe, expect, it } from 'vitest';
import { type Pulse, Silence } from './silence.ts';

const LIMIT = 10_000;

/** The second at which a process counts as stuck that last said something at 0; undefined = not within five minutes. */
function stuckAt(pulseAt: (second: number) => Pulse | null): number | undefined {
  let second = 0;
  const silence = new Silence(LIMIT, () => pulseAt(second));
  for (; second <= 300; second += 1) if (silence.isStuck(second * 1000, 0)) return second;
  return undefined;
}

describe('a silent process', () => {
  it('that somebody has stopped is stuck after the limit (R07)', () => {
    expect(stuckAt(() => ({ used: 500, stopped: true }))).toBe(11);
  });

  it('that runs all the time and says nothing is stuck after the limit', () => {
    expect(stuckAt(second => ({ used: second * 1000, stopped: false }))).toBe(11);
  });

  it('that has gone to sleep for good is stuck after the limit', () => {
    expect(stuckAt(() => ({ used: 500, stopped: false }))).toBe(11);
  });

  it('that gets a fortieth of a processor is waited for, two minutes at most', () => {
    expect(stuckAt(second => ({ used: second * 25, stopped: false }))).toBe(121);
  });

  it('that stops running while it is waited for is stuck a limit later', () => {
    expect(stuckAt(second => ({ used: Math.min(second, 20) * 25, stopped: false }))).toBe(31);
  });

  it('is judged by the clock alone where the system says nothing of it', () => {
    expect(stuckAt(() => null)).toBe(11);
  });

  it('that speaks again begins anew', () => {
    let used = 0;
    const silence = new Silence(LIMIT, () => ({ used, stopped: false }));
    expect(silence.isStuck(8000, 0)).toBe(false);
    expect(silence.isStuck(9000, 9000)).toBe(false);
    used = 9000;
    expect(silence.isStuck(13_000, 9000)).toBe(false);
    used = 9300;
    expect(silence.isStuck(20_000, 9000)).toBe(false);
  });
});
