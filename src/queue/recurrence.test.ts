import { describe, expect, it } from 'vitest';
import { nextTime } from './recurrence.ts';

const at = (text: string): number => Date.parse(text);
const next = (when: string, after: string, timeZone = 'UTC'): string =>
  new Date(nextTime(when, { timeZone, after: at(after), from: at('2026-01-01T00:00:00Z') })).toISOString();

describe('the next time', () => {
  it('of a cron line', () => {
    expect(next('30 2 * * *', '2026-11-21T02:30:00Z')).toBe('2026-11-22T02:30:00.000Z');
    expect(next('0 3 * * 1', '2026-11-21T00:00:00Z')).toBe('2026-11-23T03:00:00.000Z');
  });
  it('in a time zone, over a change of the clock', () => {
    // 02:30 does not exist in Berlin on 29 March 2026
    expect(next('30 2 * * *', '2026-03-28T12:00:00Z', 'Europe/Berlin')).toBe('2026-03-29T01:00:00.000Z');
  });
  it('of an interval, anchored at its beginning', () => {
    expect(next('every 15m', '2026-11-21T00:07:00Z')).toBe('2026-11-21T00:15:00.000Z');
  });
  it.each([
    ['0 0 30 2 *', 'never comes'],
    ['61 * * * *', 'neither a cron line'],
    ['every 1s', 'too often'],
    ['every soon', 'no duration'],
    ['tomorrow', 'neither a cron line'],
  ])('refuses %s', (when, why) => {
    expect(() => next(when, '2026-11-21T00:00:00Z')).toThrow(why);
  });
  it('refuses a time zone that is none', () => {
    expect(() => next('0 0 * * *', '2026-11-21T00:00:00Z', 'Mars/Base')).toThrow('timeZone');
  });
});
