import { describe, expect, it } from 'vitest';
import { parseSchedule, toCalendar } from './schedule.ts';

describe('schedule', () => {
  it.each([
    ['every day at 3:15', '15 3 * * *', '*-*-* 03:15:00'],
    ['каждый день в 3:15', '15 3 * * *', '*-*-* 03:15:00'],
    ['every Monday at 4:00', '0 4 * * 1', 'Mon *-*-* 04:00:00'],
    ['по воскресеньям в 23:59', '59 23 * * 0', 'Sun *-*-* 23:59:00'],
    ['каждую среду в 10:00', '0 10 * * 3', 'Wed *-*-* 10:00:00'],
    ['hourly', '0 * * * *', '*-*-* *:00:00'],
    ['every 5 minutes', '*/5 * * * *', '*-*-* *:00/5:00'],
    ['каждые 6 часов', '0 */6 * * *', '*-*-* 00/6:00:00'],
    ['30 2 1,15 * *', '30 2 1,15 * *', '*-*-01,15 02:30:00'],
    ['0 9-17 * * 1-5', '0 9-17 * * 1-5', 'Mon,Tue,Wed,Thu,Fri *-*-* 09..17:00:00'],
    ['0 0 * * 7', '0 0 * * 7', 'Sun *-*-* 00:00:00'],
    ['0 0 1 */3 *', '0 0 1 */3 *', '*-01/3-01 00:00:00'],
  ])('%s', (text, cron, calendar) => {
    expect(parseSchedule(text)).toBe(cron);
    expect(toCalendar(cron)).toBe(calendar);
  });

  it.each([
    'every day at 25:00',
    'every day at 3:75',
    'every 7 minutes',
    'every 0 minutes',
    '60 3 * * *',
    '0 3 1 * 1',
    '*/0 * * * *',
    '5- * * * *',
    'sometimes',
    '',
  ])('keeps no schedule for: %s', text => {
    expect(parseSchedule(text)).toBeNull();
  });
});
